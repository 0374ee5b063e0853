package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// The explicit authentication flows of app clients (cognito-facts 19 and 27),
// with the names that old clients still have.
const (
	flowAdminPassword    = "ALLOW_ADMIN_USER_PASSWORD_AUTH"
	flowAdminPasswordOld = "ADMIN_NO_SRP_AUTH" //nolint:gosec // the name of a flow, no credential
	flowPassword         = "ALLOW_USER_PASSWORD_AUTH"
	flowPasswordOld      = "USER_PASSWORD_AUTH"
)

func sourcePool(f Facts) Check {
	switch fact := f.sourcePool; {
	case fact.skip != "":
		return skip(fact.skip)
	case notPermitted(fact.err):
		return warn(fact.err.Error(), f.readableSource())
	case errors.Is(fact.err, setup.ErrNotFound):
		return fail(fact.err.Error(), "check "+f.variable("USER_POOL_ID")+" and "+f.variable("REGION"))
	case notPermitted(f.role.err) && fact.err != nil:
		return warn("the source could not be asked: the role was not given", f.readableSource())
	case fact.err != nil:
		return fail(fact.err.Error(), remedyOf(fact.err, "check the credentials and the network"))
	default:
		return pass(describePool(fact.value))
	}
}

func (f *Facts) readableSource() string {
	const permissions = "cognito-idp:DescribeUserPool and cognito-idp:DescribeUserPoolClient"
	if f.Settings.SourceProfile != "" {
		return "give the profile " + f.Settings.SourceProfile + " " + permissions
	}
	return "the role need not be able to: give --source-aws-profile, a profile of your own in the source account with " + permissions
}

func describePool(pool setup.UserPool) string {
	return fmt.Sprintf("%s (%s)", pool.ID, pool.Name)
}

func sourceClient(f Facts) Check {
	switch fact := f.sourceClient; {
	case fact.skip != "":
		return skip(fact.skip)
	case notPermitted(fact.err):
		return warn(fact.err.Error(), f.readableSource())
	case errors.Is(fact.err, setup.ErrNotFound) && errors.Is(f.sourcePool.err, setup.ErrNotFound):
		return skip(becauseOf(nameSourcePool))
	case errors.Is(fact.err, setup.ErrNotFound):
		return fail(fact.err.Error(), "check "+f.variable("CLIENT_ID")+": the pool has no such app client")
	case fact.err != nil:
		return skip("because " + nameSourcePool + " could not be read")
	default:
		return pass(fact.value.ID)
	}
}

func sourceFlow(f Facts) Check {
	flows := f.sourceClient.value.Flows
	if contains(flows, flowAdminPassword, flowAdminPasswordOld) {
		return pass(list(flows))
	}
	return fail("the app client allows "+list(flows), "allow "+flowAdminPassword+" on the source's app client")
}

func sourceSecret(f Facts) Check {
	has, set := f.sourceClient.value.Secret, f.Settings.Source.ClientSecret
	variable := f.variable("CLIENT_SECRET")
	switch {
	case has.Empty() && set.Empty():
		return pass("the app client has none, and none is set")
	case has.Empty():
		return fail("the app client has none, and "+variable+" is set", "unset "+variable)
	case set.Empty():
		return fail("the app client has one, and "+variable+" is not set", "set "+variable)
	case has.Reveal() != set.Reveal():
		return fail(variable+" is not the app client's secret", "set "+variable+" to the app client's own")
	default:
		return pass("the app client's is set")
	}
}

func sourceErrors(f Facts) Check {
	if f.sourceClient.value.ConcealsUsers {
		return warn("PreventUserExistenceErrors is ENABLED: a wrong password, an unknown user and one who must reset look the same to the function",
			"set it to LEGACY on the source's app client, which only the function uses")
	}
	return pass("PreventUserExistenceErrors is LEGACY: the source says why it refuses a user")
}

func pool(f Facts) Check {
	if destination := f.Settings.DestinationPool; slices.Contains(f.Settings.SourcePools, destination) {
		return fail("the destination "+destination+" is a source too: users would be moved onto themselves, and completion would disable or delete the user who must be kept",
			"give the new user pool as the destination; a source is only read")
	}
	if given, configured := f.Settings.DestinationPool, f.Settings.ConfiguredPool; given != "" && configured != "" && given != configured {
		return fail("--destination-pool is "+given+", and MIGRATE_DESTINATION_USER_POOL_ID is "+configured, "correct the one that is wrong")
	}
	if check, yes := unread(f.pool, "check --destination-pool and --destination-region", "cognito-idp:DescribeUserPool"); yes {
		return check
	}
	return pass(describePool(f.pool.value))
}

func client(f Facts) Check {
	if errors.Is(f.client.err, setup.ErrNotFound) && errors.Is(f.pool.err, setup.ErrNotFound) {
		return skip(becauseOf(namePool))
	}
	if check, yes := unread(f.client, "check --destination-client: the pool has no such app client", "cognito-idp:DescribeUserPoolClient"); yes {
		return check
	}
	return pass(f.client.value.ID)
}

func clientFlow(f Facts) Check {
	flows := f.client.value.Flows
	if SignsInWithPassword(f.client.value) {
		return pass(list(flows))
	}
	return fail("the app client allows "+list(flows)+": these flows never invoke the trigger",
		"allow "+flowPassword+" or "+flowAdminPassword+" on the destination's app client, and sign in by it")
}

func clientErrors(f Facts) Check {
	conceals := f.client.value.ConcealsUsers
	switch {
	case f.Settings.Conceal && !conceals:
		return warn("PreventUserExistenceErrors is LEGACY: the app client reveals which users exist, in spite of MIGRATE_REFUSAL=conceal", "set it to ENABLED on the destination's app client")
	case !f.Settings.Conceal && conceals:
		return warn("PreventUserExistenceErrors is ENABLED, and MIGRATE_REFUSAL=explain says who exists all the same", "set MIGRATE_REFUSAL=conceal once the set-up works")
	case conceals:
		return pass("PreventUserExistenceErrors is ENABLED, and MIGRATE_REFUSAL=conceal")
	default:
		return pass("PreventUserExistenceErrors is LEGACY, and MIGRATE_REFUSAL=explain")
	}
}

// unread returns the check of a thing that was not asked for, or could not be read;
// false for one that was read.
func unread[T any](fact Fact[T], lost, permissions string) (Check, bool) {
	switch {
	case fact.skip != "":
		return skip(fact.skip), true
	case notPermitted(fact.err):
		return warn(fact.err.Error(), "run with credentials that have "+permissions), true
	case errors.Is(fact.err, setup.ErrNotFound):
		return fail(fact.err.Error(), lost), true
	case fact.err != nil:
		return fail(fact.err.Error(), remedyOf(fact.err, "check the credentials and the network")), true
	default:
		return Check{}, false
	}
}

// usernameShape holds what the two pools call a username against the rule that
// names migrated users (cognito-facts 10).
func usernameShape(f Facts) Check {
	from, to, rule := f.sourcePool.value, f.pool.value, f.Settings.Rules.Username
	saw := fmt.Sprintf("source: %s; destination: %s; MIGRATE_USERNAME=%s", shape(from), shape(to), rule)
	generated := len(from.UsernameAttributes) > 0 // the source's usernames are made by Cognito
	switch {
	case len(to.UsernameAttributes) > 0:
		return f.ownSignIn(saw, generated)
	case slices.Contains(to.AliasAttributes, "email") && rule != domain.UsernameSource && generated,
		slices.Contains(to.AliasAttributes, "email") && (rule == domain.UsernameSubmitted || rule == domain.UsernameOmit) && slices.Contains(from.AliasAttributes, "email"):
		return fail(saw+": who types an email address would be created under it, and in a pool with email aliases no username may look like one", f.withAlias(generated))
	case rule != domain.UsernameSubmitted && rule != domain.UsernameOmit && len(lacking(from.AliasAttributes, to.AliasAttributes)) > 0:
		return warn(saw+": who types "+strings.Join(lacking(from.AliasAttributes, to.AliasAttributes), " or ")+" is known at the source, and the destination takes no other name for it",
			"create the destination with the same aliases, or let users sign in by their usernames")
	case slices.Contains(from.AliasAttributes, preferredUsername) && !f.moves(preferredUsername):
		return warn(saw+": users sign in by "+preferredUsername+" on both sides, and no rule moves it", "add "+preferredUsername+" to MIGRATE_ATTRIBUTES")
	case len(f.newAliases()) > 0:
		return warn(saw+": the destination signs users in by "+strings.Join(f.newAliases(), " or ")+", and the source does not: several of its users may have the same one, and only the first of them can be migrated",
			"look for users of the source who share one, or create the destination with the source's aliases")
	case generated && rule == domain.UsernameSource && len(to.AliasAttributes) == 0:
		return fail(saw+": the destination takes no name but the one typed", "set MIGRATE_USERNAME=auto")
	default:
		return pass(saw)
	}
}

// newAliases lists what users sign in by at the destination and not at the source,
// as far as a rule moves it.
func (f *Facts) newAliases() []string {
	from := f.sourcePool.value
	return slices.DeleteFunc(lacking(f.pool.value.AliasAttributes, slices.Concat(from.AliasAttributes, from.UsernameAttributes)),
		func(name string) bool { return !f.moves(name) })
}

func (f *Facts) moves(target string) bool {
	_, ruled := f.ruleFor(target)
	return ruled
}

func (f *Facts) withAlias(generated bool) string {
	if generated {
		return "set MIGRATE_USERNAME=source, or create the destination with email as its username attribute"
	}
	return "set MIGRATE_USERNAME=auto or source"
}

// ownSignIn is for a destination whose sign-in identifier is the email or the
// phone number: Cognito makes the usernames, and none may be returned.
func (f *Facts) ownSignIn(saw string, generated bool) Check {
	rule := f.Settings.Rules.Username
	switch rule {
	case domain.UsernameSubmitted, domain.UsernameSource:
		return fail(saw+": Cognito makes the usernames there, and takes none", "set MIGRATE_USERNAME=auto or omit")
	case domain.UsernameAuto:
		if !generated {
			return fail(saw+": auto returns the source's usernames, and Cognito makes its own there", "set MIGRATE_USERNAME=omit")
		}
	case domain.UsernameOmit:
	}
	targets := f.Settings.Rules.Attributes.Targets()
	for _, name := range f.pool.value.UsernameAttributes {
		if slices.Contains(targets, name) {
			return pass(saw)
		}
	}
	return fail(saw+": no rule gives "+strings.Join(f.pool.value.UsernameAttributes, " or ")+", by which users sign in there", "add it to MIGRATE_ATTRIBUTES")
}

func shape(pool setup.UserPool) string {
	switch {
	case len(pool.UsernameAttributes) > 0:
		return "signs in by " + strings.Join(pool.UsernameAttributes, " or ")
	case len(pool.AliasAttributes) > 0:
		return "usernames, with " + strings.Join(pool.AliasAttributes, " and ") + " as aliases"
	default:
		return "usernames"
	}
}

func lacking(from, to []string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(name string) bool { return slices.Contains(to, name) })
}

func caseSensitivity(f Facts) Check {
	from, to := f.sourcePool.value.CaseSensitive, f.pool.value.CaseSensitive
	switch {
	case from && !to:
		return warn("the source is case-sensitive, and the destination lower-cases what is typed: it asks for alice if the source has Alice. One of two users can hide the other",
			"look for usernames at the source with capitals, or that differ by case alone; a destination is made case-sensitive only when it is created")
	case !from && to:
		return warn("the destination is case-sensitive, and the source is not: a user who types ALICE one day and alice the next becomes two users",
			"create the destination with UsernameConfiguration CaseSensitive=false")
	case from:
		return pass("both are case-sensitive")
	default:
		return pass("neither is case-sensitive")
	}
}

// secondFactor checks the MFA settings of both pools against the choice for
// users who have a second factor (cognito-facts 9).
func secondFactor(f Facts) Check {
	rule := f.Settings.Rules.OnMFA
	if rule == domain.MFACarry || rule == domain.MFAEnroll {
		return carriedFactors(f, fmt.Sprintf("destination %s, MIGRATE_ON_MFA=%s", f.pool.value.MFA, rule))
	}
	if skipped, yes := missing(f.sourcePool, nameSourcePool); yes {
		return skipped
	}
	from, to := f.sourcePool.value, f.pool.value
	saw := fmt.Sprintf("source %s, destination %s, MIGRATE_ON_MFA=%s", from.MFA, to.MFA, rule)
	phone := slices.Contains(f.Settings.Rules.Attributes.Targets(), "phone_number")
	switch {
	case from.MFA == "ON" && rule == domain.MFARefuse:
		return fail(saw+": the source asks every user for a second factor, so every user is refused", "set MIGRATE_ON_MFA=carry or enroll (docs/second-factors.md), or migrate where a move without the second factor is acceptable")
	case from.MFA != "OFF" && from.SendsSMS && rule == domain.MFAMigrate && phone && to.MFA == "OFF":
		return fail(saw+": SMS as second factor goes along, and in a destination with MFA off such a migration fails", "switch MFA on (OPTIONAL) in the destination")
	case from.MFA != "OFF" && from.SendsSMS && rule == domain.MFAMigrate && phone && !to.SendsSMS:
		return fail(saw+": SMS as second factor goes along, and the destination has no SMS configuration", "give the destination an SMS configuration")
	case from.MFA != "OFF" && rule == domain.MFARefuse:
		return warn(saw+": users with a second factor are refused", "tell them, or set MIGRATE_ON_MFA=carry, enroll or migrate (docs/second-factors.md)")
	case from.MFA == "OFF" && to.MFA == "ON":
		return warn(saw+": everyone is asked to set up a second factor at the first sign-in", "make sure that the application handles the challenge MFA_SETUP")
	default:
		return pass(saw)
	}
}

// carriedFactors holds what the function knows about the destination's second factors
// against the pool, and says whom carry or enroll would refuse or let through.
func carriedFactors(f Facts, saw string) Check {
	const setting = "MIGRATE_DESTINATION_MFA"
	rules, to := f.Settings.Rules, f.pool.value
	switch {
	case rules.DestinationMFA.Mode != domain.MFAMode(to.MFA):
		return fail(fmt.Sprintf("%s, and %s says %s", saw, setting, rules.DestinationMFA.Mode), "set "+setting+" to what the pool has (migratectl init writes it), or change the pool")
	case rules.DestinationMFA.Takes(domain.MFASMS) && !to.SendsSMS:
		return fail(saw+": "+setting+" names SMS_MFA, and the destination has no SMS configuration: such a migration fails", "give the destination an SMS configuration, or take SMS_MFA out of "+setting)
	}
	if f.destinationFactors.err != nil {
		return warn(saw+": the pool's second factors cannot be read: "+f.destinationFactors.err.Error(), remedyOf(f.destinationFactors.err, "you need cognito-idp:GetUserPoolMfaConfig on the destination"))
	}
	if pool := f.destinationFactors.value; f.destinationFactors.skip == "" && pool.Mode != "" {
		for _, factor := range rules.DestinationMFA.Methods {
			if !pool.Takes(factor) {
				return fail(fmt.Sprintf("%s: %s names %s, which the destination does not take (%s)", saw, setting, factor, pool), remedyOfFactor(factor, setting))
			}
		}
	}
	if email := rules.DestinationMFA.Takes(domain.MFAEmail); email && rules.DestinationMFA.Takes(domain.MFASoftwareToken) && len(to.Recovery) > 0 && to.Recovery[0] == "verified_email" && rules.SetsMFAPreference {
		return warn(saw+": until completion has run, the destination may offer the set-up of TOTP to users with codes by email: email is its first way of recovery",
			"take SOFTWARE_TOKEN_MFA out of the destination until the migration is over, or make SMS its first way of account recovery (docs/second-factors.md)")
	}
	return pass(saw)
}

// remedyOfFactor says how a destination comes to take a factor.
func remedyOfFactor(factor domain.MFAMethod, setting string) string {
	if factor == domain.MFAEmail {
		return "switch email MFA on (it needs Amazon SES, the Essentials plan, and another way of account recovery than email alone), or take it out of " + setting
	}
	return "switch it on in the destination, or take it out of " + setting
}

// sourceFactors holds what the function knows about the source's second factors
// against the pool, and tries whether it can ask for the rest.
func sourceFactors(f Facts) Check {
	if f.Settings.Rules.OnMFA == domain.MFAMigrate {
		return pass("MIGRATE_ON_MFA=migrate: no user is refused, so nothing is asked")
	}
	if skipped, yes := f.resting("_MFA", "MIGRATE_ON_MFA"); yes {
		return skipped
	}
	if names := f.untelling.value; len(names) > 0 {
		return warn(strings.Join(names, ", ")+" cannot tell who has a second factor: these users migrate without it", "docs/second-factors.md says how each kind of source can tell")
	}
	switch source, pool := f.Settings.Source, f.sourcePool; {
	case f.untelling.skip != "":
		return skip(f.untelling.skip)
	case f.untelling.err != nil && len(f.sources) > 0:
		return skip("because a source could not be opened")
	case f.untelling.err != nil:
		return fail(f.untelling.err.Error(), remedyOf(f.untelling.err, "correct the settings of the source"))
	case source == nil:
		return pass("the source tells second factors")
	case source.MFA != "" && pool.err == nil && pool.skip == "" && pool.value.MFA != string(source.MFA):
		return fail(fmt.Sprintf("%s is %s, and the pool's own setting is %s", f.variable("MFA"), source.MFA, pool.value.MFA),
			"unset "+f.variable("MFA")+", and the function asks the pool; or set it to "+pool.value.MFA)
	case source.MFA == domain.MFAOff || source.MFA == domain.MFAOn:
		return pass(fmt.Sprintf("%s is %s, and the pool is not asked", f.variable("MFA"), source.MFA))
	case f.reach.err != nil || f.reach.skip != "":
		return skip(becauseOf(nameReach))
	case f.factors.err != nil:
		return fail(f.factors.err.Error()+": users without a completed sign-in cannot migrate", remedyOf(f.factors.err,
			"the role needs cognito-idp:GetUserPoolMfaConfig and cognito-idp:AdminGetUserAuthFactors on the pool; or set "+f.variable("MFA")))
	case source.MFA == "":
		return pass(f.variable("MFA") + " is not set: the function asks the pool")
	default:
		return pass(fmt.Sprintf("%s is %s, and the function asks the pool about passkeys", f.variable("MFA"), source.MFA))
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "Cognito's default flows (SRP, refresh and custom)"
	}
	return strings.Join(names, ", ")
}
