"""The SageMaker model made from a registered model package."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from components.execution_role import ExecutionRole
from components.model_package import ModelPackage
from components.naming import bounded, digest
from components.stage_config import EndpointSection


class Model(Construct):
    """A model named after what it is made of: another package is another model.

    The container's variables are ``environment`` and, over those, the stage's own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        package: ModelPackage,
        config: EndpointSection,
        execution: ExecutionRole,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        container = sagemaker.CfnModel.ContainerDefinitionProperty(
            model_package_name=package.arn,
            environment={**(environment or {}), **config.environment} or None,
        )
        vpc = None
        if config.vpc is not None:
            vpc = sagemaker.CfnModel.VpcConfigProperty(
                subnets=config.vpc.subnet_ids, security_group_ids=config.vpc.security_group_ids
            )
        # No property of a model can be changed in place, so each of them is part of its name:
        # CloudFormation makes the new model before it removes the old one.
        inputs = Stack.of(self).resolve(
            [container, vpc, config.network_isolation, execution.role.role_arn]
        )
        self.name = bounded(endpoint_name, digest(inputs))
        self.model = sagemaker.CfnModel(
            self,
            "Model",
            model_name=self.name,
            execution_role_arn=execution.role.role_arn,
            primary_container=container,
            enable_network_isolation=config.network_isolation,
            vpc_config=vpc,
        )
        self.model.node.add_dependency(execution.permissions)
