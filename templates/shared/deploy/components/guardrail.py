"""A Bedrock guardrail of the stage's own, for prompts and answers.

SageMaker endpoints know no guardrails, so the stack makes one and names it; who applies it says
the README.
"""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.guardrail_config import GuardrailSection
from components.naming import digest

_FILTERS = ("HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT")
_PERSONAL = ("EMAIL", "PHONE", "NAME", "ADDRESS", "CREDIT_DEBIT_CARD_NUMBER", "PASSWORD")


class Guardrail(Construct):
    """Content filters, a filter of prompt attacks, and personal data masked if wanted.

    ``grounding`` has thresholds from 0 to 0.99 of the checks GROUNDING (the answer follows from
    its sources) and RELEVANCE (it is about the question), for callers that mark both.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: GuardrailSection,
        key: kms.IKey,
        grounding: Mapping[str, float] | None = None,
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
        checks = None
        if grounding:
            checks = bedrock.CfnGuardrail.ContextualGroundingPolicyConfigProperty(
                filters_config=[
                    bedrock.CfnGuardrail.ContextualGroundingFilterConfigProperty(
                        type=check, threshold=threshold
                    )
                    for check, threshold in grounding.items()
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
            contextual_grounding_policy_config=checks,
            kms_key_arn=key.key_arn,
        )
        # A version is a copy that never changes. Other content is another version, with a name of
        # its own in the stack: whatever refers to it then sees that it has changed.
        content = digest(Stack.of(self).resolve([filters, personal, checks, config.refusal]))
        self.version = bedrock.CfnGuardrailVersion(
            self,
            f"Version{content}",
            guardrail_identifier=self.guardrail.attr_guardrail_id,
            description=f"Content {content}",
        )
