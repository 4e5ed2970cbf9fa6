# shellcheck shell=bash disable=SC2154
# Functions shared by infra/deploy and infra/add-region. They set `program`, `stack`, `home`, `wanted` (an architecture, or empty) and
# `dry_run`, and run in the root of the repository.

fail() { echo "$program: $*" >&2; exit 1; }

# Prints the comment at the top of the script.
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "infra/$program" >&2; exit 2; }

# Shows a command, and runs it unless --dry-run was given.
run() {
    printf '$%s\n' "$(printf ' %q' "$@")"
    [ "$dry_run" = yes ] || "$@"
}

# All regions: code and AWS region. The table in the Rust source is the only one.
all_regions() { sed -n 's/^    ("\([a-z]*\)", "\([a-z0-9-]*\)", ".*/\1 \2/p' shared/domain/src/region.rs; }

# The AWS region of a code.
region_of() {
    local region
    region=$(all_regions | awk -v code="$1" '$1 == code { print $2 }')
    [ -n "$region" ] || fail "there is no region $1; docs/REGIONS.md lists the codes"
    [ "$region" != "$home" ] || fail "$1 is the home region, which checks already"
    echo "$region"
}

check_arguments() {
    [ -n "$home" ] || fail "in which AWS region is the home stack, or is it to be? Say it with --home, as in --home eu-north-1"
    [ -n "$(all_regions | awk -v home="$home" '$2 == home')" ] ||
        fail "Valpero has no code for the AWS region $home; docs/REGIONS.md lists those that it has"
    case $wanted in "" | arm64 | x86_64) ;; *) fail "there is no architecture $wanted: it is arm64 or x86_64" ;; esac
}

missing() {
    fail "$1 is missing. Install the tools, and run this again in the same shell:

    python3 -m venv .venv && . .venv/bin/activate && pip install -r infra/requirements.txt"
}

# Warns if a tool has another version than the one that was tried.
expect() {
    local tried
    tried=$(sed -n "s/^$1==//p" infra/requirements.txt)
    case " $2 " in
        *" $tried "*) ;;
        *) echo "$program: $1 is \"$2\", and $tried is what was tried; pip install -r infra/requirements.txt has it" >&2 ;;
    esac
}

# Fails if a tool is missing, or is known not to work.
check_tools() {
    command -v cargo > /dev/null || fail "cargo is missing: install Rust, best by https://rustup.rs"
    for tool in python3 sam cargo-lambda; do
        command -v "$tool" > /dev/null || missing "$tool"
    done
    python3 -c 'import boto3' 2> /dev/null || missing "boto3, which comes with the SAM CLI, for this shell's python3"
    expect aws-sam-cli "$(sam --version)"
    expect cargo-lambda "$(cargo-lambda lambda --version)"
    # cargo-lambda looks for zig in this order, and needs it unless another linker is configured.
    case ${CARGO_LAMBDA_COMPILER:-} in cargo | cross) return ;; esac
    local zig
    zig=$(python3 -m ziglang version 2> /dev/null) || zig=$(zig version 2> /dev/null) || missing zig
    [ "$zig" != 0.16.0 ] || fail "zig is 0.16.0, whose archives do not link; pip install -r infra/requirements.txt has another"
    expect ziglang "$zig"
}

# Fails if Rust's standard library for the architecture is missing and rustup is not there to fetch it.
check_target() {
    local target=x86_64-unknown-linux-gnu
    [ "$architecture" = x86_64 ] || target=aarch64-unknown-linux-gnu
    command -v rustup > /dev/null || [ -d "$(rustc --print target-libdir --target $target)" ] ||
        fail "this Rust cannot build for $architecture ($target), and there is no rustup to fetch what is missing: install Rust by" \
            "https://rustup.rs, or choose --architecture for what it can build"
}

# Reads from CloudFormation the `status` of a stack and the architecture for which it was `built`.
look() {
    local seen
    seen=$(python3 infra/stack.py show "$1=$2") || exit 1
    read -r _ _ status built <<< "$seen"
    case $status in
        ABSENT | REVIEW_IN_PROGRESS) ;;
        DISABLED) fail "these credentials are not taken in $2: enable that AWS region for your account, or log in anew" ;;
        ROLLBACK_COMPLETE | ROLLBACK_FAILED | DELETE_FAILED)
            fail "the stack $1 in $2 is $status, and cannot be deployed again: delete it first (docs/OPERATING.md, Delete everything)" ;;
        UPDATE_ROLLBACK_FAILED)
            fail "the stack $1 in $2 is $status: aws cloudformation continue-update-rollback --stack-name $1 --region $2" ;;
        *_IN_PROGRESS) fail "the stack $1 in $2 is being changed already ($status); run this again when that is over" ;;
        *) [ "$built" != - ] || fail "the stack $1 in $2 has no parameter Architecture, so it is none of Valpero's; choose another --stack" ;;
    esac
}

# Sets `architecture` for the stack that was read: that of the stack, or else the wanted one, or else the given default.
# Functions built for another architecture than their stack's do not start, and CloudFormation does not notice.
choose_architecture() {
    case $status in
        ABSENT | REVIEW_IN_PROGRESS) architecture=${wanted:-$2} ;;
        # Nothing runs in it yet.
        CREATE_FAILED) architecture=${wanted:-$built} ;;
        *)
            [ -z "$wanted" ] || [ "$wanted" = "$built" ] ||
                fail "the stack $1 is deployed for $built, not for $wanted; leave --architecture out (docs/OPERATING.md says how to change it)"
            architecture=$built
            ;;
    esac
    check_target
}

# Deploys the build: NAME, AWS_REGION, then further arguments for SAM.
sam_deploy() {
    local name=$1 region=$2 failing=()
    shift 2
    # A first deployment that fails cannot delete tables that are already protected; without a rollback it can be repeated. CloudFormation
    # then requires the same option again.
    case $status in ABSENT | REVIEW_IN_PROGRESS | CREATE_FAILED | UPDATE_FAILED) failing=(--disable-rollback) ;; esac
    run sam deploy --stack-name "$name" --region "$region" --resolve-s3 --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND \
        --no-confirm-changeset --no-fail-on-empty-changeset ${failing[@]+"${failing[@]}"} "$@"
}

# Deploys or upgrades one region's checker: CODE, the architecture for a new one, then parameters of infra/region.yaml.
deploy_region() {
    local code=$1 usual=$2 region parameters
    shift 2
    region=$(region_of "$code") || exit 1
    look "$stack-$code" "$region"
    choose_architecture "$stack-$code" "$usual"
    parameters=(Stack="$stack" HomeRegion="$home" RegionCode="$code" Architecture="$architecture" "$@")
    run infra/shipped sam build --template infra/region.yaml --build-dir .aws-sam/region --region "$region" --parameter-overrides "${parameters[@]}"
    sam_deploy "$stack-$code" "$region" --template-file .aws-sam/region/template.yaml --parameter-overrides "${parameters[@]}"
    [ "$dry_run" = yes ] ||
        echo "The checker of $code ($region) is deployed. \`valpero region list --stack $stack\` shows it after its first tick."
}
