"""What infra/deploy, infra/add-region and infra/add-domain ask CloudFormation, and what they tell it:

    python3 infra/stack.py show NAME=AWS_REGION …           a line each: NAME AWS_REGION STATUS ARCHITECTURE
    python3 infra/stack.py protect NAME AWS_REGION on|off   whether the stack may be deleted
    python3 infra/stack.py output NAME AWS_REGION OUTPUT    the value of an output
    python3 infra/stack.py set NAME AWS_REGION KEY=VALUE    a parameter gets a value; all else stays as it is

STATUS is CloudFormation's, ABSENT where there is no such stack, or DISABLED where these credentials are good for nothing in that AWS
region; ARCHITECTURE is `-` where the stack has none. It speaks by boto3, which the SAM CLI brings: the AWS CLI is not needed."""

import concurrent.futures
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# What AWS says in a region that must be enabled first.
DISABLED = ("InvalidClientTokenId", "UnrecognizedClientException", "OptInRequired")


def seen(client, name):
    try:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] in DISABLED:
            return "DISABLED", "-"
        if "does not exist" in error.response["Error"]["Message"]:
            return "ABSENT", "-"
        raise
    parameters = {parameter["ParameterKey"]: parameter.get("ParameterValue") for parameter in stack.get("Parameters", [])}
    return stack["StackStatus"], parameters.get("Architecture", "-")


def show(*stacks):
    places = [stack.split("=") for stack in stacks]
    # Clients are made one by one, for boto3 can do no other; the questions go out together.
    clients = [boto3.client("cloudformation", region_name=region) for _, region in places]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = pool.map(seen, clients, [name for name, _ in places])
        for (name, region), answer in zip(places, answers, strict=True):
            print(name, region, *answer)


def protect(name, region, state):
    client = boto3.client("cloudformation", region_name=region)
    client.update_termination_protection(StackName=name, EnableTerminationProtection=state == "on")


def output(name, region, key):
    [stack] = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=name)["Stacks"]
    found = [output["OutputValue"] for output in stack.get("Outputs", []) if output["OutputKey"] == key]
    if not found:
        sys.exit(f"the stack {name} has no output {key}; upgrade it by infra/deploy")
    print(found[0])


def set_parameter(name, region, said):
    key, value = said.split("=", 1)
    client = boto3.client("cloudformation", region_name=region)
    [stack] = client.describe_stacks(StackName=name)["Stacks"]
    known = [parameter["ParameterKey"] for parameter in stack.get("Parameters", [])]
    if key not in known:
        sys.exit(f"the stack {name} has no parameter {key}; upgrade it by infra/deploy")
    kept = [{"ParameterKey": one, "UsePreviousValue": True} for one in known if one != key]
    try:
        client.update_stack(
            StackName=name,
            UsePreviousTemplate=True,
            Parameters=[*kept, {"ParameterKey": key, "ParameterValue": value}],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise
        return
    client.get_waiter("stack_update_complete").wait(StackName=name)


try:
    {"show": show, "protect": protect, "output": output, "set": set_parameter}[sys.argv[1]](*sys.argv[2:])
except (BotoCoreError, ClientError) as error:
    sys.exit(f"CloudFormation does not answer: {error}")
