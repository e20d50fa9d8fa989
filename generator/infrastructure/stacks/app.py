"""The CDK app: all stacks of the control plane, checked against the security rules."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from generator.config.model import Config
from generator.infrastructure.components.step_function import Bundle
from generator.infrastructure.stacks.approval import ApprovalStack
from generator.infrastructure.stacks.control_plane import ControlPlaneStack
from generator.infrastructure.stacks.github_identity import GitHubIdentityStack, identity_places
from generator.infrastructure.stacks.governance import GovernanceStack

# How the CDK's own constructs behave: as they do in a project that is started today.
FLAGS = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-sns-subscriptions:restrictSqsDescryption": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/core:validateAgainstDefaultRules": True,
}


def build(config: Config, bundle: Bundle, directory: Path) -> App:
    """Return an app with every stack; `synth()` writes it to `directory` or raises on a finding."""
    app = App(
        outdir=str(directory),
        context=FLAGS,
        # Would add what differs between library versions and places only.
        analytics_reporting=False,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    governance = GovernanceStack(app, config=config)
    control_plane = ControlPlaneStack(app, config=config, bundle=bundle)
    approval = ApprovalStack(app, config=config, bundle=bundle)
    # A rule cannot send to a bus, nor an alarm to a topic, before it is there.
    governance.add_stack_dependency(control_plane)
    approval.add_stack_dependency(control_plane)
    for place in identity_places(config):
        GitHubIdentityStack(app, config=config, place=place)
    return app
