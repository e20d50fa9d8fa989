"""The whole control plane on this machine: real stacks, the real zip, real events, no cloud.

`make e2e` plays it and tells what happens; the tests of this folder hold each scene to what it
must end with.

| part                    | what it is here                                                      |
|-------------------------|----------------------------------------------------------------------|
| the stacks, the zip     | the real ones, from a configuration as an administrator writes it    |
| AWS                     | MiniStack, with what it lacks added in `bridges` and `inside`        |
| the functions           | processes under AWS's own client of Lambda's runtime interface       |
| DataZone, the registry  | stand-ins that botocore's models hold to the real interface          |
| GitHub                  | a stand-in that GitHub's description holds to it, with real git      |
| workflows               | as they were pushed, run by act; only `make` is recorded             |

Nobody plays the retries and dead letters of event rules, keys of KMS, and alarms: what the
templates say of them is asserted in `tests/infrastructure`.
"""
