"""The bucket that holds the requests and answers sampled from the endpoint."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from components.acknowledgements import acknowledge
from components.stage_config import DataCaptureSection

_ACCESS_LOG_DAYS = 90


class DataCapture(Construct):
    """An encrypted bucket that forgets after the configured days.

    The buckets are kept when the stack is deleted; their lifecycle rules empty them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        config: DataCaptureSection,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.sampling_percent = config.sampling_percent
        self.prefix = endpoint_name
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            # S3 delivers access logs only to buckets encrypted with its own keys.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(_ACCESS_LOG_DAYS))],
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(
            access_logs,
            "AwsSolutions-S1",
            reason="This bucket receives access logs; logging access to it would log into itself.",
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="data-capture/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(config.retention_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

    @property
    def uri(self) -> str:
        """Where SageMaker writes; it adds endpoint, variant, date and hour by itself."""
        return str(self.bucket.s3_url_for_object(self.prefix))

    def endpoint_property(
        self, key: kms.IKey
    ) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty:
        """What an endpoint's configuration says about it."""
        option = sagemaker.CfnEndpointConfig.CaptureOptionProperty
        return sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
            enable_capture=True,
            initial_sampling_percentage=self.sampling_percent,
            destination_s3_uri=self.uri,
            kms_key_id=key.key_arn,
            capture_options=[option(capture_mode="Input"), option(capture_mode="Output")],
            # Readable in the capture files; other content types are stored base64-encoded.
            capture_content_type_header=(
                sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
                    csv_content_types=["text/csv"], json_content_types=["application/json"]
                )
            ),
        )
