"""The SageMaker models behind the copies: the package's own, or a base for adapters."""

from aws_cdk import Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from components.execution_role import ExecutionRole
from components.model_package import ModelPackage
from components.naming import bounded, digest
from stacks.sections import AdapterSection


class ServedModel(Construct):
    """A model named after what it is made of: another package is another model."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        package: ModelPackage,
        adapter: AdapterSection | None,
        environment: dict[str, str],
        execution: ExecutionRole,
    ) -> None:
        super().__init__(scope, construct_id)
        container = (
            sagemaker.CfnModel.ContainerDefinitionProperty(
                model_package_name=package.arn, environment=environment
            )
            if adapter is None
            else _base(adapter, environment)
        )
        # No property of a model can be changed in place, so each of them is part of its name:
        # CloudFormation makes the new model before it removes the old one.
        inputs = Stack.of(self).resolve([container, execution.role.role_arn])
        self.name = bounded(endpoint_name, digest(inputs))
        # Network and isolation are the endpoint's: components have none of their own.
        self.model = sagemaker.CfnModel(
            self,
            "Model",
            model_name=self.name,
            execution_role_arn=execution.role.role_arn,
            primary_container=container,
        )
        self.model.node.add_dependency(execution.permissions)


def _base(
    adapter: AdapterSection, environment: dict[str, str]
) -> sagemaker.CfnModel.ContainerDefinitionProperty:
    return sagemaker.CfnModel.ContainerDefinitionProperty(
        image=adapter.image,
        environment=environment,
        model_data_source=sagemaker.CfnModel.ModelDataSourceProperty(
            s3_data_source=sagemaker.CfnModel.S3DataSourceProperty(
                s3_uri=adapter.base_artifacts_uri,
                s3_data_type="S3Prefix",
                compression_type="None",
            )
        ),
    )
