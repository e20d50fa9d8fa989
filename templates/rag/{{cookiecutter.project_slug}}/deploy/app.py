"""The endpoint of this project's index and answers: one stack for each stage.

    make synth                                            every stage, placeholders where needed
    make deploy STAGE=dev MODEL_PACKAGE_ARN=arn:aws:...   one stage, one registered model version

It also works below the CDK command line, which then wants both values as context:

    cdk synth -c stage=dev -c model_package_arn=arn:aws:...
"""

import sys

from components.application import Application, main
from stacks.endpoint_stack import EndpointStack
from stacks.stage_config import RetrievalStageConfig

APPLICATION = Application(EndpointStack, RetrievalStageConfig)

if __name__ == "__main__":
    sys.exit(main(APPLICATION))
