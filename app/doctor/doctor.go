package doctor

import "strings"

// Status is what came of a check.
type Status string

// The statuses.
const (
	// Pass: in order.
	Pass Status = "pass"
	// Warn: it works, but not for everyone, or unwisely; or it could not be
	// found out.
	Warn Status = "warn"
	// Fail: sign-ins will fail, or what follows them.
	Fail Status = "fail"
	// Skip: not looked at, and why.
	Skip Status = "skip"
)

// Check is one thing looked at.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Saw is what was found.
	Saw string `json:"saw"`
	// Remedy is what to do; empty where there is nothing.
	Remedy string `json:"remedy"`
	// Source is the name of the source that was looked at, if it was one of
	// several, or no user pool.
	Source string `json:"source,omitempty"`
}

// The names of the checks.
const (
	nameConfiguration      = "configuration"
	nameIdentity           = "identity"
	nameRole               = "source role"
	nameExternalID         = "source external ID"
	nameReach              = "source reached"
	nameSourcePool         = "source pool"
	nameSourceClient       = "source client"
	nameSourceFlow         = "source client flow"
	nameSourceSecret       = "source client secret"
	nameSourceErrors       = "source client errors"
	nameSourceFactors      = "source second factors"
	namePool               = "destination pool"
	nameClient             = "destination client"
	nameClientFlow         = "destination client flow"
	nameClientErrors       = "destination client errors"
	nameAttributesSource   = "attributes at source"
	nameAttributesToken    = "attributes in ID token"
	nameAttributesTarget   = "attributes at destination"
	nameAttributesRequired = "attributes required"
	nameAttributesType     = "attributes type"
	nameAttributesLength   = "attributes length"
	nameSchema             = "destination schema"
	namePolicy             = "password policy"
	// NameUsername is the check of what both pools call a username.
	NameUsername    = "username shape"
	nameCase        = "case sensitivity"
	nameMFA         = "MFA"
	nameTrigger     = "trigger"
	namePermission  = "trigger permission"
	nameFunction    = "function"
	nameTimeout     = "function timeout"
	nameMemory      = "function memory"
	nameEnvironment = "function environment"
	nameAuditSinks  = "audit sinks"
	nameAuditBus    = "audit bus"
	nameAuditStream = "audit stream"
	nameQueue       = "completion queue"
	nameGroups      = "completion groups"
	nameProof       = "completion proof"
	nameRetirement  = "completion retirement"
	nameLockout     = "lockout"
	nameAttempt     = "attempt"
)

// check is an entry of the list: a name, a look at the facts, and what it depends on.
type check struct {
	name  string
	look  func(Facts) Check
	needs []need
}

// of makes the check. It is skipped if something that it depends on is not known.
func (c check) of(facts Facts) Check {
	for _, need := range c.needs {
		if skipped, yes := need(facts); yes {
			return named(c.name, skipped)
		}
	}
	return named(c.name, c.look(facts))
}

// need returns the skip of a check that depends on what is not known.
type need func(Facts) (skipped Check, yes bool)

func needPool(f Facts) (Check, bool)         { return missing(f.pool, namePool) }
func needClient(f Facts) (Check, bool)       { return missing(f.client, nameClient) }
func needSourcePool(f Facts) (Check, bool)   { return missing(f.sourcePool, nameSourcePool) }
func needSourceClient(f Facts) (Check, bool) { return missing(f.sourceClient, nameSourceClient) }
func needFunction(f Facts) (Check, bool)     { return missing(f.function, nameFunction) }
func needRetirement(f Facts) (Check, bool)   { return missing(f.unretiring, nameReach) }
func needClaims(f Facts) (Check, bool)       { return missing(f.claims, nameClaims) }
func needRules(f Facts) (Check, bool)        { return f.resting("MIGRATE_ATTRIBUTES") }

// needSettings is for variables that the configuration must have no problem with.
func needSettings(suffixes ...string) need {
	return func(f Facts) (Check, bool) { return f.resting(suffixes...) }
}

// checks lists them all, in the order in which they are shown. None looks at
// another one's result.
func checks() []check {
	return []check{
		{nameConfiguration, configuration, nil},
		{nameIdentity, identity, nil},
		{nameRole, role, nil},
		{nameExternalID, externalID, nil},
		{nameReach, reach, nil},
		{nameSourcePool, sourcePool, nil},
		{nameSourceClient, sourceClient, nil},
		{nameSourceFlow, sourceFlow, []need{needSourceClient}},
		{nameSourceSecret, sourceSecret, []need{needSourceClient, needSettings("_CLIENT_SECRET")}},
		{nameSourceErrors, sourceErrors, []need{needSourceClient}},
		{nameSourceFactors, sourceFactors, nil},
		{namePool, pool, nil},
		{nameClient, client, nil},
		{nameClientFlow, clientFlow, []need{needClient}},
		{nameClientErrors, clientErrors, []need{needClient, needSettings("MIGRATE_REFUSAL")}},
		{nameAttributesSource, attributesAtSource, []need{needRules, needSourcePool}},
		{nameAttributesToken, attributesInToken, nil},
		{nameAttributesTarget, attributesAtDestination, []need{needRules, needPool}},
		{nameAttributesRequired, attributesRequired, []need{needRules, needPool}},
		{nameAttributesType, attributesType, []need{needRules, needPool}},
		{nameAttributesLength, attributesLength, []need{needRules, needPool}},
		{nameSchema, destinationSchema, []need{needPool}},
		{namePolicy, passwordPolicy, []need{needPool}},
		{NameUsername, usernameShape, []need{needSettings("MIGRATE_USERNAME", "MIGRATE_ATTRIBUTES"), needPool, needSourcePool}},
		{nameCase, caseSensitivity, []need{needPool, needSourcePool}},
		{nameMFA, secondFactor, []need{needSettings("MIGRATE_ON_MFA", "MIGRATE_DESTINATION_MFA", "MIGRATE_MFA_GROUP", "MIGRATE_ATTRIBUTES"), needPool}},
		{nameTrigger, trigger, []need{needPool}},
		{namePermission, permission, []need{needPool}},
		{nameFunction, function, nil},
		{nameTimeout, functionTimeout, []need{needFunction}},
		{nameMemory, functionMemory, []need{needFunction}},
		{nameEnvironment, functionEnvironment, []need{needFunction}},
		{nameAuditSinks, auditSinks, []need{needSettings("AUDIT_SINKS", "AUDIT_FORMAT", "AUDIT_FAILURE")}},
		{nameAuditBus, auditBus, nil},
		{nameAuditStream, auditStream, nil},
		{nameQueue, completionQueue, nil},
		{nameGroups, completionGroups, nil},
		{nameProof, completionProof, nil},
		{nameRetirement, completionRetirement, []need{needRetirement}},
		{nameLockout, lockout, nil},
		{nameClaims, claimsTrigger, []need{needClaimsTrigger}},
		{nameClaimsPermission, claimsPermission, []need{needClaimsTrigger}},
		{nameClaimsAttribute, claimsAttribute, []need{needClaimsTrigger, needClaims, needRules}},
		{nameClaimsClients, claimsClients, []need{needClaimsTrigger, needClaims}},
	}
}

// Examine turns the facts into checks. It is pure.
func Examine(facts Facts) []Check {
	var results []Check
	for _, check := range checks() {
		switch {
		case check.name == nameReach && len(facts.sources) > 0:
			results = append(results, facts.sourceChecks()...) // each source has its own
			continue
		case check.name == namePolicy && facts.Settings.Rules.PasswordPolicy.IsZero():
			continue
		}
		results = append(results, check.of(facts))
	}
	return results
}

// Attempt is the check of one real attempt, made by the caller.
func Attempt(status Status, saw, remedy string) Check {
	return Check{Name: nameAttempt, Status: status, Saw: saw, Remedy: remedy}
}

func pass(saw string) Check         { return Check{Status: Pass, Saw: saw} }
func warn(saw, remedy string) Check { return Check{Status: Warn, Saw: saw, Remedy: remedy} }
func fail(saw, remedy string) Check { return Check{Status: Fail, Saw: saw, Remedy: remedy} }
func skip(why string) Check         { return Check{Status: Skip, Saw: why} }

// missing is the skip of a check that rests on a fact that is not there; false
// where it is.
func missing[T any](fact Fact[T], name string) (Check, bool) {
	switch {
	case fact.skip != "":
		return skip(fact.skip), true
	case notPermitted(fact.err):
		return skip("because " + name + " could not be read"), true
	case fact.err != nil:
		return skip(becauseOf(name)), true
	default:
		return Check{}, false
	}
}

// resting is the skip of a check that rests on variables that the configuration
// has a problem with; false where it does not.
func (f *Facts) resting(suffixes ...string) (Check, bool) {
	for _, suffix := range suffixes {
		if f.aside(suffix) {
			return skip(becauseOf(nameConfiguration)), true
		}
	}
	return Check{}, false
}

// findings gathers what is wrong and unwise in a check of many things.
type findings struct {
	wrong, unwise []string
}

// result is a fail where anything is wrong, a warning where anything is unwise.
func (f findings) result(fine, remedy string) Check {
	saw := strings.Join(append(together(f.wrong), together(f.unwise)...), "; ")
	switch {
	case len(f.wrong) > 0:
		return fail(saw, remedy)
	case len(f.unwise) > 0:
		return warn(saw, remedy)
	default:
		return pass(fine)
	}
}

// together makes one finding of the same problem with several attributes: each
// finding begins with its attribute.
func together(findings []string) []string {
	var problems []string
	subjects := make(map[string][]string)
	for _, finding := range findings {
		subject, problem, _ := strings.Cut(finding, " ")
		if subjects[problem] == nil {
			problems = append(problems, problem)
		}
		subjects[problem] = append(subjects[problem], subject)
	}
	for i, problem := range problems {
		names := subjects[problem]
		if len(names) > 1 {
			problem = strings.Replace(strings.Replace(" "+problem, " is ", " are ", 1), " takes ", " take ", 1)[1:]
		}
		problems[i] = strings.Join(names, ", ") + " " + problem
	}
	return problems
}
