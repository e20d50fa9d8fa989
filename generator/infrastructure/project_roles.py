"""The CloudFormation template of a project's roles: what its workflows may do in one account.

An administrator deploys it once for each project and stage, with the project's facts as
parameters. Each role is trusted by one repository in one GitHub environment.
"""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
Statement = dict[str, Any]

FILE_NAME = "project-roles.template.json"
# A workflow waits for the pipeline, or for a rollout, with the credentials that it was given.
SESSION_SECONDS = 2 * 60 * 60
_NONE = {"Ref": "AWS::NoValue"}
_REPOSITORY = "[A-Za-z0-9-]+/[A-Za-z0-9._-]+"
_ROLE_NAME = "[A-Za-z0-9+=,.@_-]{1,64}"


def template(issuer: str) -> dict[str, Any]:
    """Return the template. issuer: host and path of who signs for GitHub's workflows."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles that the workflows of one project assume in the account of one stage",
        "Parameters": _parameters(),
        "Conditions": {
            "Builds": {"Fn::Not": [{"Fn::Equals": [{"Ref": "BuildRepository"}, ""]}]},
            "Bounded": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]},
        },
        "Rules": {
            "WhereModelsAreBuilt": {
                "RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "BuildRepository"}, ""]}]},
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": needed}, ""]}]},
                        "AssertDescription": f"BuildRepository needs {needed} beside it",
                    }
                    for needed in ("BuildRoleName", "PipelineRoleArn")
                ],
            }
        },
        "Resources": {
            "BuildRole": {
                "Condition": "Builds",
                **_role("Build", issuer, _building()),
            },
            "DeployRole": _role("Deploy", issuer, _deploying()),
        },
        "Outputs": {
            "BuildRoleArn": {
                "Condition": "Builds",
                "Description": "stages.<stage>.build_role_arn of the build repository",
                "Value": {"Fn::GetAtt": ["BuildRole", "Arn"]},
            },
            "DeployRoleArn": {
                "Description": "stages.<stage>.deploy_role_arn of the deploy repository",
                "Value": {"Fn::GetAtt": ["DeployRole", "Arn"]},
            },
        },
    }


def _parameters() -> dict[str, Any]:
    return {
        "ProjectId": _parameter("project.id in cicd-config.json", "[a-zA-Z0-9_-]{1,36}"),
        "Stage": {
            "Type": "String",
            "AllowedValues": ["dev", "test", "prod"],
            "Description": "The account's stage, and the GitHub environment of that name",
        },
        "BuildRepository": _optional("owner/name, in the stage that builds models", _REPOSITORY),
        "BuildRoleName": _optional("As naming.build_role gives it, without its path", _ROLE_NAME),
        "DeployRepository": _parameter("owner/name", _REPOSITORY),
        "DeployRoleName": _parameter(
            "As naming.deploy_role gives it, without its path", _ROLE_NAME
        ),
        "RolePath": _parameter("Path of the roles", "/([A-Za-z0-9+=,.@_-]+/)*") | {"Default": "/"},
        "Bucket": _parameter("storage.bucket in cicd-config.json", "[a-z0-9][a-z0-9.-]{1,61}"),
        "Prefix": _parameter("storage.prefix in cicd-config.json", r"[^/*?\s]+(/[^/*?\s]+)*"),
        "PipelineName": _parameter(
            "githubactions-<project>, as the build repository compiles it",
            "githubactions-[A-Za-z0-9-]{1,240}",
        ),
        "ModelPackageGroup": _parameter("aiops-<project>-models", "aiops-[A-Za-z0-9-]{1,57}"),
        "EndpointName": _parameter("aiops-<project>-<stage>", "aiops-[A-Za-z0-9-]{1,57}"),
        "PipelineRoleArn": _optional(
            "sagemaker.pipeline_role_arn in cicd-config.json",
            r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*?]+",
        ),
        "PermissionsBoundaryArn": _optional(
            "A policy that neither role can exceed",
            r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[^*?]+",
        ),
    }


def _parameter(description: str, pattern: str) -> dict[str, str]:
    return {"Type": "String", "AllowedPattern": pattern, "Description": description}


def _optional(description: str, pattern: str) -> dict[str, str]:
    return _parameter(f"{description}; may be left out", f"|{pattern}") | {"Default": ""}


def _role(kind: str, issuer: str, statements: list[Statement]) -> Resource:
    provider = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{issuer}"
    subject = f"repo:${{{kind}Repository}}:environment:${{Stage}}"
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": _sub(provider)},
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": _sub(subject),
            }
        },
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": f"{kind}RoleName"},
            "Path": {"Ref": "RolePath"},
            "Description": _sub(f"{kind}s the models of project ${{ProjectId}}, ${{Stage}}"),
            "MaxSessionDuration": SESSION_SECONDS,
            "PermissionsBoundary": {
                "Fn::If": ["Bounded", {"Ref": "PermissionsBoundaryArn"}, _NONE]
            },
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {
                    "PolicyName": kind,
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
                }
            ],
            "Tags": [{"Key": "sagemaker:project-id", "Value": {"Ref": "ProjectId"}}],
        },
    }


def _building() -> list[Statement]:
    pipeline = _arn("sagemaker", "pipeline/${PipelineName}")
    group = _arn("sagemaker", "model-package-group/${ModelPackageGroup}")
    return [
        _allow(
            "RunThePipeline",
            "sagemaker",
            "AddTags CreatePipeline DescribePipeline DescribePipelineExecution"
            " ListPipelineExecutionSteps ListPipelineParametersForExecution StartPipelineExecution"
            " UpdatePipeline",
            # An execution's id is chosen by SageMaker.
            [pipeline, _arn("sagemaker", "pipeline/${PipelineName}/execution/*")],
        ),
        # Jobs of pipelines are named so by SageMaker, whichever pipeline they belong to.
        _allow(
            "SeeWhyAStepFailed",
            "sagemaker",
            "DescribeProcessingJob DescribeTrainingJob",
            [
                _arn("sagemaker", "processing-job/pipelines-*"),
                _arn("sagemaker", "training-job/pipelines-*"),
            ],
        ),
        _allow(
            "KeepTheModelPackageGroup",
            "sagemaker",
            "AddTags CreateModelPackageGroup DescribeModelPackageGroup ListModelPackages",
            [group],
        ),
        _read_models(),
        _allow("UseTheProjectsPrefix", "s3", "GetObject PutObject", [_objects()]),
        _allow(
            "ListTheProjectsPrefix",
            "s3",
            "ListBucket",
            [_sub("arn:${AWS::Partition}:s3:::${Bucket}")],
        )
        | {"Condition": {"StringLike": {"s3:prefix": [_sub("${Prefix}"), _sub("${Prefix}/*")]}}},
        _allow("GiveThePipelineItsRole", "iam", "PassRole", [{"Ref": "PipelineRoleArn"}])
        | {"Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}},
    ]


def _deploying() -> list[Statement]:
    return [
        # Deploying is done by the roles that `cdk bootstrap` made in this account and region.
        _allow(
            "DeployWithTheCdk",
            "sts",
            "AssumeRole",
            [
                _sub(
                    f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/cdk-*-{role}-role"
                    "-${AWS::AccountId}-${AWS::Region}"
                )
                for role in ("deploy", "file-publishing", "lookup")
            ],
        ),
        _allow(
            "SeeTheStack",
            "cloudformation",
            "DescribeStacks",
            [_arn("cloudformation", "stack/${EndpointName}-endpoint/*")],
        ),
        _allow(
            "TryTheEndpoint",
            "sagemaker",
            "DescribeEndpoint InvokeEndpoint",
            [_arn("sagemaker", "endpoint/${EndpointName}")],
        ),
        # CloudWatch lists the alarms of an account, or none.
        _allow("SeeItsAlarms", "cloudwatch", "DescribeAlarms", ["*"]),
        _read_models(),
        _allow("ReadTheSampleRequest", "s3", "GetObject", [_objects()]),
    ]


def _read_models() -> Statement:
    packages = _arn("sagemaker", "model-package/${ModelPackageGroup}/*")
    return _allow("ReadTheModels", "sagemaker", "DescribeModelPackage", [packages])


def _objects() -> Resource:
    return _sub("arn:${AWS::Partition}:s3:::${Bucket}/${Prefix}/*")


def _allow(sid: str, service: str, actions: str, resources: list[Any]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions.split()],
        "Resource": resources,
    }


def _arn(service: str, resource: str) -> Resource:
    return _sub(
        f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
    )


def _sub(text: str) -> Resource:
    return {"Fn::Sub": text}
