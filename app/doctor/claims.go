package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// The names of the checks of the claims trigger.
const (
	nameClaims           = "claims trigger"
	nameClaimsPermission = "claims permission"
	nameClaimsAttribute  = "claims attribute"
	nameClaimsClients    = "claims clients"
)

// The command, and the setting with its default, of the function that writes the old
// sub into tokens.
const (
	commandClaims          = "claims"
	familyClaims           = "CLAIMS_"
	variableClaimsAttr     = "CLAIMS_ATTRIBUTE"
	defaultClaimsAttribute = "custom:legacy_sub"
	// eventV1 reaches ID tokens alone, and is all that the plan LITE allows
	// ("Pre token generation Lambda trigger", Amazon Cognito Developer Guide).
	eventV1  = "V1_0"
	planLite = "LITE"
)

// ClaimsAttribute is the attribute that a function of the command claims reads, by
// its variables.
func ClaimsAttribute(environment map[string]domain.Secret) string {
	if set := environment[variableClaimsAttr]; !set.Empty() {
		return set.Reveal()
	}
	return defaultClaimsAttribute
}

// RunsClaims reports whether a function runs the command claims, as far as its image
// configuration or its variables say.
func RunsClaims(function setup.Function) bool {
	if slices.Contains(function.Command, commandClaims) {
		return true
	}
	for name := range function.Environment {
		if strings.HasPrefix(name, familyClaims) {
			return true
		}
	}
	return false
}

// gatherClaims asks for the function behind the pool's pre token generation trigger,
// and for the app clients where they could write what it reads.
func (f *Facts) gatherClaims(ctx context.Context, access Setup) {
	pool := f.pool.value
	none := ""
	switch {
	case f.pool.skip != "":
		none = f.pool.skip
	case f.pool.err != nil:
		none = becauseOf(namePool)
	case pool.PreToken == "":
		none = "the destination pool has no pre token generation trigger"
	}
	if none != "" {
		f.claims, f.claimsPermissions, f.clients = unasked[setup.Function](none), unasked[[]setup.InvokePermission](none), unasked[[]setup.AppClient](none)
		return
	}
	f.claims = ask(ctx, func(ctx context.Context) (setup.Function, error) {
		return access.Functions.Function(ctx, pool.PreToken)
	})
	f.claimsPermissions = ask(ctx, func(ctx context.Context) ([]setup.InvokePermission, error) {
		return access.Functions.InvokePermissions(ctx, pool.PreToken)
	})
	if RunsClaims(f.claims.value) {
		f.clients = ask(ctx, func(ctx context.Context) ([]setup.AppClient, error) {
			return access.Destinations.AppClients(ctx, pool.ID)
		})
	}
}

// needClaimsTrigger is for checks of the pool's claims trigger.
func needClaimsTrigger(f Facts) (Check, bool) {
	switch {
	case f.claims.skip != "":
		return skip(f.claims.skip), true
	case f.claims.err == nil && !RunsClaims(f.claims.value):
		return skip("the pre token generation trigger is another function, " + f.pool.value.PreToken), true
	default:
		return Check{}, false
	}
}

func claimsTrigger(f Facts) Check {
	if check, yes := unread(f.claims, "detach the trigger, or deploy its function again: no token can be issued without it", "lambda:GetFunctionConfiguration on the pre token generation trigger"); yes {
		return check
	}
	pool := f.pool.value
	saw := fmt.Sprintf("%s, event %s, plan %s", pool.PreToken, pool.PreTokenVersion, cmp.Or(pool.Plan, unknown))
	again := "bin/migratectl attach --claims --destination-pool " + pool.ID + " --function " + pool.PreToken + " --yes"
	switch state := f.claims.value.State; {
	case state != "" && state != "Active" && state != "Inactive":
		return fail(saw+", "+state+": "+f.claims.value.StateReason, "check the function in AWS Lambda; while it is Failed or Pending no token is issued")
	case pool.Plan == planLite && pool.PreTokenVersion != eventV1:
		return fail(saw+": the plan LITE does not change access tokens", "choose the plan ESSENTIALS, or write V1_0, which reaches ID tokens alone: `"+again+"`")
	case pool.PreTokenVersion == eventV1 && pool.Plan != planLite && pool.Plan != "":
		return warn(saw+": only ID tokens get the claim, and the plan allows access tokens too", "run `"+again+"`")
	case pool.PreTokenVersion == eventV1:
		return pass(saw + ": ID tokens get the claim, access tokens do not")
	default:
		return pass(saw + ": ID and access tokens get the claim")
	}
}

func claimsPermission(f Facts) Check {
	if f.claimsPermissions.err != nil {
		return warn(f.claimsPermissions.err.Error(), remedyOf(f.claimsPermissions.err, "run with credentials that have lambda:GetPolicy"))
	}
	return JudgePermission(f.claimsPermissions.value, f.pool.value.ARN, f.pool.value.PreToken)
}

// claimsAttribute holds what the function reads against what the rules write.
func claimsAttribute(f Facts) Check {
	attribute := ClaimsAttribute(f.claims.value.Environment)
	if !slices.ContainsFunc(f.pool.value.Attributes, func(a setup.PoolAttribute) bool { return a.Name == attribute }) {
		return fail("the destination pool has no attribute "+attribute+", so everyone's claim holds their new sub", "add the attribute, and the rule "+attribute+"=sub to MIGRATE_ATTRIBUTES")
	}
	if !slices.Contains(f.Settings.Rules.Attributes.SubCarriers(), attribute) {
		return fail("no rule carries the source's sub to "+attribute+", so everyone's claim holds their new sub", "add the rule "+attribute+"=sub to MIGRATE_ATTRIBUTES")
	}
	return pass("MIGRATE_ATTRIBUTES carries the source's sub to " + attribute)
}

func claimsClients(f Facts) Check {
	if notPermitted(f.clients.err) {
		return warn(f.clients.err.Error()+"; whether users can write the attribute of the claim is not known", "run with credentials that have cognito-idp:ListUserPoolClients and cognito-idp:DescribeUserPoolClient")
	}
	if f.clients.err != nil {
		return warn(f.clients.err.Error()+"; whether users can write the attribute of the claim is not known", remedyOf(f.clients.err, "repeat the command"))
	}
	return JudgeClaimsClients(f.clients.value, ClaimsAttribute(f.claims.value.Environment))
}

// JudgeClaimsClients says whether users can write the attribute with the source's sub
// themselves. Who can takes the identity of another user. An immutable attribute is
// no protection: users write it when they sign up.
func JudgeClaimsClients(clients []setup.AppClient, attribute string) Check {
	var open, listed []string
	for _, client := range clients {
		switch {
		case len(client.WriteAttributes) == 0:
			open = append(open, client.ID)
		case client.Writes(attribute):
			listed = append(listed, client.ID)
		}
	}
	var saw []string
	if len(listed) > 0 {
		saw = append(saw, "users can write "+attribute+" through "+strings.Join(listed, ", "))
	}
	if len(open) > 0 {
		saw = append(saw, "these app clients have no list of WriteAttributes, and may let users write "+attribute+": "+strings.Join(open, ", "))
	}
	if len(saw) > 0 {
		return fail(strings.Join(saw, "; ")+": a user could claim to be another user",
			"give each app client a list of WriteAttributes without "+attribute+" (console: App clients, Attribute permissions)")
	}
	return pass(fmt.Sprintf("no app client of the pool (%d) may write %s", len(clients), attribute))
}
