"""Mail by Amazon SES: what it is asked to send, and what it tells of a mail later. docs/EMULATOR.md says what of SES is emulated."""

import base64
import email
import email.policy
import json

from testkit.steps import step
from testkit.waiting import until

FROM, DOMAIN, TO = "valpero@example.com", "example.com", "ops@example.com"
ROLES = ("AlertsRole", "DashboardRole", "DeliveryRole", "PeopleRole")


def widen(cloud, region):
    """Lets the roles send mail in the emulator, and answers the policies as they were deployed.

    AWS asks for the right on the identity and on the configuration set, and tells who the sender is. The emulator asks for it on `*` and
    tells nothing, so that a policy that names any of these denies every mail."""
    iam, deployed = cloud.client("iam", region), {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        if "mail" not in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            continue
        policy = iam.get_role_policy(RoleName=name, PolicyName="mail")["PolicyDocument"]
        deployed[name] = policy
        [statement] = policy["Statement"]
        wide = {"Effect": "Allow", "Action": statement["Action"], "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="mail", PolicyDocument=json.dumps(policy | {"Statement": [wide]}))
    return deployed


def resource(deployment, name):
    """The physical name of a resource of the stack."""
    stacks = deployment.cloud.client("cloudformation", deployment.home)
    found = stacks.describe_stack_resource(StackName=deployment.stack, LogicalResourceId=name)
    return found["StackResourceDetail"]["PhysicalResourceId"]


def asked(cloud):
    """What the functions asked SES for, for channels: each request, and the mail in it. People are mailed, too."""
    with open(cloud.mails) as file:
        requests = [json.loads(line) for line in file]
    requests = [request for request in requests if any(tag["Name"] == "channel_id" for tag in request["EmailTags"])]
    letters = [base64.b64decode(request["Content"]["Raw"]["Data"]) for request in requests]
    return [
        (request, email.message_from_bytes(letter, policy=email.policy.default)) for request, letter in zip(requests, letters, strict=True)
    ]


def channel(deployment, api):
    """The id of a channel for mail, which has been tried."""
    made = api.call("POST", "/api/v1/channels", {"name": "Mail", "type": "email", "to": [TO]})
    step("with MailFrom a channel for mail can be made", made.status == 201, made)
    granted = {role: policy["Statement"] for role, policy in deployment.mail_policies.items()}
    step(
        "the functions that send mail have a policy for it",
        sorted(granted) == sorted(resource(deployment, role) for role in ROLES),
        granted,
    )
    names = [f"identity/{FROM}", f"identity/{DOMAIN}", f"configuration-set/{resource(deployment, 'MailConfigurationSet')}"]
    account = deployment.cloud.client("sts", deployment.home).get_caller_identity()["Account"]
    only = {
        "Effect": "Allow",
        "Action": ["ses:SendEmail", "ses:SendRawEmail"],
        "Resource": [f"arn:aws:ses:{deployment.home}:{account}:{name}" for name in names],
        "Condition": {"StringEquals": {"ses:FromAddress": FROM}},
    }
    step("which allows them MailFrom only", all(statements == [only] for statements in granted.values()), granted)
    path = f"/api/v1/channels/{made.json['id']}/test"
    tried = api.call("POST", path)
    step("SES refuses a sender that is not verified", "not verified" in tried.json["error"], tried)
    deployment.cloud.client("sesv2", deployment.home).create_email_identity(EmailIdentity=FROM)
    tried = api.call("POST", path)
    step("and takes mail from one that is", tried.json["outcome"] == "delivered", tried)
    return made.json["id"]


def told(deployment, api, channel, incident):
    """What an incident from its beginning to its end makes of mail."""
    cloud = deployment.cloud
    step("and by mail", until(20, lambda: len(cloud.mail()) == 3), deployment.last_words)
    mails = cloud.mail()
    step("of which SES gets each once", [mail["Subject"] for mail in mails[1:]] == ["Down: Shop", "Up again: Shop"], mails)
    parties = [(mail["Source"], mail["To"], mail["CC"], mail["BCC"]) for mail in mails]
    step("from MailFrom to the channel's address", parties == [(FROM, [TO], [], [])] * 3, mails)
    step("as text and as a page", all("Shop" in mail["BodyText"] and "<html" in mail["BodyHtml"] for mail in mails[1:]), mails)
    # Of the two tries the first was refused. Only news of incidents belong together.
    requests = [request for request, _ in asked(cloud)[1:]]
    heads = [dict(letter.items()) for _, letter in asked(cloud)[2:]]
    sets = {request["ConfigurationSetName"] for request in requests}
    step("with the stack's configuration set", sets == {resource(deployment, "MailConfigurationSet")}, requests)
    owner = {"account_id": api.call("GET", "/api/v1/account").json["id"], "channel_id": channel}
    tags = [{tag["Name"]: tag["Value"] for tag in request["EmailTags"]} for request in requests]
    step("and the account and the channel as tags", tags == [owner] * 3, tags)
    threads = {(head["References"], head["In-Reply-To"]) for head in heads}
    step("both mails refer to the incident", threads == {(f"<{incident}@{DOMAIN}>",) * 2}, heads)
    ids = {head["Message-ID"] for head in heads}
    step("and have ids of their own", len(ids) == 2 and all(one.startswith(f"<{incident}.") for one in ids), heads)


def bounced(deployment, api, channel):
    """What SES tells of a mail that bounced disables its channel."""
    cloud, region = deployment.cloud, deployment.home
    name = resource(deployment, "MailConfigurationSet")
    destinations = cloud.client("sesv2", region).get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"]
    bus = [one["EventBridgeDestination"]["EventBusArn"] for one in destinations if one["Enabled"]]
    step("SES is to tell the default event bus of bounces", bus and bus[0].endswith(":event-bus/default"), destinations)
    step("complaints and rejects", sorted(destinations[0]["MatchingEventTypes"]) == ["BOUNCE", "COMPLAINT", "REJECT"], destinations)
    request, _ = asked(cloud)[-1]
    event = bounce(cloud.mail()[-1]["MessageId"], request, region)
    # The emulator's SES publishes nothing, and nobody else may put events of `aws.ses` on the bus, neither there nor on AWS. So the bus is
    # asked whether the rule would match this one, and the rule's target gets it as the bus hands it over.
    events = cloud.client("events", region)
    rule = events.describe_rule(Name=resource(deployment, "MailRule"))
    matches = lambda event: events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]
    step("a rule of the bus matches a bounce", rule["State"] == "ENABLED" and matches(event), (rule, event))
    foreign = bounce("another", request | {"ConfigurationSetName": "another"}, region)
    step("but no mail of another program", not matches(foreign), (rule, foreign))
    [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    functions = cloud.client("lambda", region)
    statements = json.loads(functions.get_policy(FunctionName=target["Arn"])["Policy"])["Statement"]
    allowed = [one["Principal"] for one in statements if rule["Arn"] in json.dumps(one.get("Condition"))]
    step("and may invoke a function", allowed == [{"Service": "events.amazonaws.com"}], (target, statements))
    functions.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=json.dumps(event))
    look = lambda: api.call("GET", f"/api/v1/channels/{channel}").json["health"]
    step("which disables the channel", until(20, lambda: look()["status"] == "disabled"), deployment.last_words)
    step("that says why", "user unknown" in look()["last_error"], look())


def bounce(message, request, region):
    """The event of SES that says that this mail has bounced for good."""
    name, at, account = request["ConfigurationSetName"], "2026-01-01T00:00:00.000Z", "000000000000"
    tags = {tag["Name"]: [tag["Value"]] for tag in request["EmailTags"]}
    recipient = {"emailAddress": TO, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000001",
        "detail-type": "Email Bounced",
        "source": "aws.ses",
        "account": account,
        "time": "2026-01-01T00:00:00Z",
        "region": region,
        "resources": [f"arn:aws:ses:{region}:{account}:configuration-set/{name}"],
        "detail": {
            "eventType": "Bounce",
            "bounce": {
                "feedbackId": "feedback-1",
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [recipient],
                "timestamp": at,
            },
            "mail": {
                "timestamp": at,
                "source": FROM,
                "messageId": message,
                "destination": [TO],
                "tags": tags | {"ses:configuration-set": [name], "ses:from-domain": [DOMAIN]},
            },
        },
    }
