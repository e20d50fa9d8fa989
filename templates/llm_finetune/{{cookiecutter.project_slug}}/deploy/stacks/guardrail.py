"""A Bedrock guardrail for this model: callers apply it to prompts and answers.

SageMaker endpoints know no guardrails of their own, so the stack makes one and names it; the
application calls ApplyGuardrail before and after the endpoint (see the README).
"""

from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.sections import GuardrailSection

_FILTERS = ("HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT")
_PERSONAL = ("EMAIL", "PHONE", "NAME", "ADDRESS", "CREDIT_DEBIT_CARD_NUMBER", "PASSWORD")


class Guardrail(Construct):
    """Content filters, a filter of prompt attacks, and personal data masked if wanted."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: GuardrailSection,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        strength = config.strength
        content = bedrock.CfnGuardrail.ContentFilterConfigProperty
        filters = [
            content(type=each, input_strength=strength, output_strength=strength)
            for each in _FILTERS
        ]
        # An attack is in the prompt; Bedrock wants no strength for answers.
        filters.append(
            content(type="PROMPT_ATTACK", input_strength=strength, output_strength="NONE")
        )
        personal = None
        if config.mask_personal_data:
            personal = bedrock.CfnGuardrail.SensitiveInformationPolicyConfigProperty(
                pii_entities_config=[
                    bedrock.CfnGuardrail.PiiEntityConfigProperty(type=each, action="ANONYMIZE")
                    for each in _PERSONAL
                ]
            )
        self.guardrail = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=endpoint_name[:50],
            description=f"Prompts and answers of {endpoint_name}",
            blocked_input_messaging=config.refusal,
            blocked_outputs_messaging=config.refusal,
            content_policy_config=bedrock.CfnGuardrail.ContentPolicyConfigProperty(
                filters_config=filters
            ),
            sensitive_information_policy_config=personal,
            kms_key_arn=key.key_arn,
        )
        self.version = bedrock.CfnGuardrailVersion(
            self, "Version", guardrail_identifier=self.guardrail.attr_guardrail_id
        )
