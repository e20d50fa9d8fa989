"""The accounts from which AWS's own containers are pulled, one for each Region."""

from components.errors import ConfigurationError

# The same lists are behind image_uris.retrieve() of the SageMaker Python SDK. First the algorithm
# containers: sagemaker-xgboost 3.x and sagemaker-scikit-learn 1.x.
ALGORITHM_ACCOUNTS = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}


# Then the Deep Learning Containers, in one account nearly everywhere.
_DEEP_LEARNING_ACCOUNT = "763104351884"
DEEP_LEARNING_ACCOUNTS = {
    **dict.fromkeys(
        [
            *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1"),
            *("ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1"),
            *("eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2"),
            *("us-west-1", "us-west-2"),
        ],
        _DEEP_LEARNING_ACCOUNT,
    ),
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "me-west-1": "124382933778",
    "mx-central-1": "637423239942",
}


def registry_account(*, region: str, repository: str, override: str | None) -> str:
    """Account that owns an image repository in a Region.

    ``override`` is what the stage's configuration says. Raises ConfigurationError for a
    Region that is not in the list and has no override.
    """
    algorithm = repository.startswith("sagemaker-")
    accounts = ALGORITHM_ACCOUNTS if algorithm else DEEP_LEARNING_ACCOUNTS
    account = override or accounts.get(region)
    if account is None:
        raise ConfigurationError(
            f"the account that provides {repository} in Region {region!r} is not known here;"
            " set container.account in the stage's configuration (it is the number at the"
            " beginning of the image's URI)"
        )
    return account
