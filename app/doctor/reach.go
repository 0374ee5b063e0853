package doctor

import (
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/domain"
)

func configuration(f Facts) Check {
	s := f.Settings
	problems := slices.Concat(s.Problems, placeholdersIn(s.Environment))
	switch {
	case s.Unread:
		return fail(strings.Join(problems, "; "), remedyOf(f.function.err, "allow yourself lambda:GetFunctionConfiguration, check the function's name and region, or set its variables in the environment"))
	case len(problems) > 0:
		return fail(strings.Join(problems, "; "), "correct the variables; `bin/migratectl settings` lists them. The checks that depend on them are skipped")
	case len(s.Warnings) > 0:
		return warn(strings.Join(s.Warnings, "; "), "change the settings, or accept the warned risk")
	default:
		return pass("the environment is in order")
	}
}

func identity(f Facts) Check {
	if f.identity.err != nil {
		return fail(f.identity.err.Error(), remedyOf(f.identity.err, "give the AWS SDK credentials of the destination account: AWS_PROFILE, or aws sso login"))
	}
	return pass(f.identity.value.ARN)
}

func role(f Facts) Check {
	if f.role.skip != "" {
		return skip(f.role.skip)
	}
	source := f.Settings.Source
	switch {
	case source.RoleARN == "":
		return pass("no role is set: the function uses its own credentials for the source")
	case f.role.err == nil:
		return pass("assumed " + source.RoleARN)
	case notPermitted(f.role.err) && f.someoneElse():
		return warn("not permitted to "+f.identity.value.ARN+", which is not the function's role; this check cannot tell whether the function is permitted",
			"if the role's trust names the function's role alone, this is as it should be; --user, or a sign-in, proves it when run as "+f.function.value.Role)
	case notPermitted(f.role.err):
		return fail(f.role.err.Error(), "let the role's trust policy name the function's role with this external ID, and the function's role allow sts:AssumeRole on it")
	default:
		return fail(f.role.err.Error(), remedyOf(f.role.err, "check "+f.variable("ROLE_ARN")))
	}
}

// someoneElse reports whether the operator is known not to be the function: a
// trust policy that names the function's role alone turns the operator away.
func (f *Facts) someoneElse() bool {
	if f.function.err != nil || f.function.skip != "" || f.identity.err != nil {
		return false
	}
	_, name, ok := strings.Cut(f.identity.value.ARN, ":assumed-role/")
	if !ok {
		return true
	}
	name, _, _ = strings.Cut(name, "/")
	return !strings.HasSuffix(f.function.value.Role, "/"+name)
}

func externalID(f Facts) Check {
	if f.bareRole.skip != "" {
		return skip(f.bareRole.skip)
	}
	source := f.Settings.Source
	const demand = "demand sts:ExternalId in the role's trust policy"
	switch {
	case source.RoleARN == "":
		return skip("no role is set")
	case source.ExternalID == "":
		return warn("the role can be assumed without one: anyone who can use this account can assume it (the confused deputy)", demand+", and set "+f.variable("EXTERNAL_ID"))
	case f.bareRole.err == nil:
		return warn("the role is given without the external ID too: its trust policy does not demand it", demand)
	case notPermitted(f.bareRole.err):
		return pass("without it the role is refused")
	default:
		return warn("the check got no answer: "+f.bareRole.err.Error(), remedyOf(f.bareRole.err, "try again"))
	}
}

func reach(f Facts) Check {
	switch {
	case f.reach.skip != "":
		return skip(f.reach.skip)
	case f.reach.err != nil && f.Settings.Source != nil && notPermitted(f.role.err) && f.someoneElse():
		return warn("not by this operator: "+f.reach.err.Error(), "see "+nameRole)
	case f.reach.err != nil:
		return fail(f.reach.err.Error(), remedyOf(f.reach.err, "see "+nameRole+" and "+nameSourcePool+"; the role needs cognito-idp:AdminInitiateAuth and cognito-idp:AdminGetUser on the pool"))
	case f.reach.value != domain.ReasonUserUnknown:
		return warn(fmt.Sprintf("the source answered %s about a probe user that cannot exist", f.reach.value), "look at the source's own triggers")
	default:
		return pass("the source answered; the probe user does not exist, as expected")
	}
}

// variable is the whole name of a variable of the source.
func (f *Facts) variable(name string) string {
	return f.Settings.SourceName + "_" + name
}
