package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/ports/setup"
)

const (
	// cognitoWaits is how long Cognito waits for the function (cognito-facts 14).
	cognitoWaits = 5 * time.Second
	// longest is the timeout from which on the function works on after Cognito
	// has asked once more.
	longest = 6 * time.Second
	// shortest is what a cold start with one call to the source needs.
	shortest = 3 * time.Second
	// leastMemory is where a cold start begins to eat up the five seconds:
	// Lambda gives CPU by memory.
	leastMemory = 256
	cognito     = "cognito-idp.amazonaws.com"
	everyone    = "*"
	unknown     = "unknown"
)

func trigger(f Facts) Check {
	attached := f.pool.value.UserMigration
	attach := "bin/migratectl attach --destination-pool " + f.pool.value.ID + " --function " + cmp.Or(f.Settings.Function, "NAME")
	if attached == "" {
		return fail("the destination pool has no user migration trigger", attach+" --yes")
	}
	if f.function.skip != "" {
		return warn("the attached function is "+attached+"; the check cannot tell whether it is yours: "+f.function.skip, "give --function")
	}
	if f.function.err != nil {
		return skip(becauseOf(nameFunction))
	}
	function := f.function.value.ARN
	switch {
	case attached == function:
		return pass(attached)
	case !sameFunction(attached, function):
		return fail("attached is another function, "+attached, "if this one is to take its place, run `"+attach+" --replace`")
	case qualifier(function) == "":
		return pass(attached + ", a version or alias of the function")
	default:
		return fail(fmt.Sprintf("attached is %s, not %s", attached, function), "if this version or alias is to take its place, run `"+attach+" --replace`")
	}
}

// InvokingPools lists the IDs of the user pools for which Cognito may invoke the
// function, by the statements of its policy. Patterns name no pool.
func InvokingPools(permissions []setup.InvokePermission) []string {
	var pools []string
	for _, statement := range permissions {
		if !statement.Allow || !contains(statement.Principals, cognito) {
			continue
		}
		for _, arn := range statement.SourceARNs {
			_, id, found := strings.Cut(arn, ":userpool/")
			if found && !strings.ContainsAny(id, "*?") && !slices.Contains(pools, id) {
				pools = append(pools, id)
			}
		}
	}
	return pools
}

// sameFunction reports whether two ARNs name the same function, versions and
// aliases aside.
func sameFunction(one, other string) bool {
	return one != "" && unqualified(one) == unqualified(other)
}

// An ARN of a function has seven parts, and an eighth for a version or alias.
const unqualifiedParts = 7

func unqualified(arn string) string {
	parts := strings.Split(arn, ":")
	return strings.Join(parts[:min(len(parts), unqualifiedParts)], ":")
}

func qualifier(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) <= unqualifiedParts {
		return ""
	}
	return parts[unqualifiedParts]
}

func permission(f Facts) Check {
	if f.permissions.skip != "" {
		return skip(f.permissions.skip)
	}
	if f.function.err != nil && !notPermitted(f.function.err) {
		return skip(becauseOf(nameFunction))
	}
	if f.permissions.err != nil {
		return warn(f.permissions.err.Error(), remedyOf(f.permissions.err, "run with credentials that have lambda:GetPolicy"))
	}
	return JudgePermission(f.permissions.value, f.pool.value.ARN, f.invoked())
}

// JudgePermission says whether Cognito may invoke the function for the pool, by
// the statements of the function's resource-based policy.
func JudgePermission(permissions []setup.InvokePermission, poolARN, function string) Check {
	remedy := AddPermission(function, poolARN)
	var best Check
	var others []string
	for _, statement := range permissions {
		if !contains(statement.Actions, "lambda:InvokeFunction", "lambda:*", everyone) || !contains(statement.Principals, cognito, everyone) {
			continue
		}
		matches := slices.ContainsFunc(statement.SourceARNs, func(pattern string) bool { return like(pattern, poolARN) })
		switch {
		case !statement.Allow && (matches || len(statement.SourceARNs) == 0):
			return fail("a statement denies it", "take the statement out of the function's policy")
		case !statement.Allow:
		case len(statement.OtherConditions) > 0:
			best = better(best, warn("a statement allows it under "+strings.Join(statement.OtherConditions, ", ")+", which this does not judge", remedy))
		case len(statement.SourceARNs) > 0 && !matches:
			others = append(others, statement.SourceARNs...)
		case matches && !contains(statement.Principals, everyone):
			best = better(best, pass("Cognito may invoke it for this pool"))
		case matches:
			best = better(best, warn("every principal may invoke it in the name of this pool", remedy))
		case len(statement.SourceAccounts) > 0:
			best = better(best, warn("Cognito may invoke it for every pool of "+strings.Join(statement.SourceAccounts, ", "), remedy))
		default:
			best = better(best, warn("Cognito may invoke it for any pool: anyone who creates a pool can guess passwords through it", remedy))
		}
	}
	switch {
	case best.Status != "":
		return best
	case len(others) > 0:
		return fail("Cognito may invoke it for "+strings.Join(others, ", ")+" only", remedy)
	default:
		return fail("the function does not allow Cognito to invoke it", remedy)
	}
}

// better keeps the check that passed, or else the first.
func better(one, other Check) Check {
	if one.Status == "" || other.Status == Pass {
		return other
	}
	return one
}

func contains(list []string, wanted ...string) bool {
	return slices.ContainsFunc(wanted, func(one string) bool { return slices.Contains(list, one) })
}

// like is the comparison of ArnLike: * and ? stand for anything in a part.
func like(pattern, arn string) bool {
	// path.Match has the same signs, and a bracket, which no ARN has. Its * stops at a
	// slash, which that of ArnLike does not.
	flat := func(text string) string { return strings.ReplaceAll(text, "/", "\x00") }
	matched, err := path.Match(flat(pattern), flat(arn))
	return err == nil && matched
}

// AddPermission is the command that lets Cognito invoke the function for the
// pool, and for no other (cognito-facts 22).
func AddPermission(function, poolARN string) string {
	name, qualified := function, ""
	if q := qualifier(function); q != "" {
		name, qualified = unqualified(function), " --qualifier "+q
	} else if base, q, ok := strings.Cut(function, ":"); ok && !strings.HasPrefix(function, "arn:") {
		name, qualified = base, " --qualifier "+q
	}
	return fmt.Sprintf("aws lambda add-permission --function-name %s%s --statement-id cognito-user-migration --action lambda:InvokeFunction --principal %s --source-arn %s%s",
		name, qualified, cognito, poolARN, flagsOf(poolARN))
}

// flagsOf returns the flags for the region and the account of an ARN. The command
// then does not depend on the profile's own region, and the condition on the account
// is AWS's advice against the confused deputy.
func flagsOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 4 || parts[3] == "" {
		return ""
	}
	flags := " --region " + parts[3]
	if len(parts) > 4 && parts[4] != "" {
		flags += " --source-account " + parts[4]
	}
	return flags
}

func function(f Facts) Check {
	if check, yes := unread(f.function, "check --function and --destination-region", "lambda:GetFunctionConfiguration"); yes {
		return check
	}
	value := f.function.value
	saw := fmt.Sprintf("%s, %s, %s", value.ARN, cmp.Or(value.PackageType, unknown), cmp.Or(strings.Join(value.Architectures, ", "), unknown))
	switch value.State {
	case "", "Active":
		return pass(saw)
	case "Inactive":
		return warn(saw+", Inactive: the first sign-in waits for it", "invoke it once")
	default:
		return fail(saw+", "+value.State+": "+value.StateReason, "check the function in AWS Lambda; while it is Failed or Pending it answers no invocation")
	}
}

func functionTimeout(f Facts) Check {
	timeout := f.function.value.Timeout
	saw := timeout.String()
	const remedy = "set the function's timeout to 5 seconds"
	switch {
	case timeout < shortest:
		return fail(saw+": a cold start and two calls to the source may not fit", remedy)
	case timeout < cognitoWaits:
		return warn(saw+": Cognito would wait for 5 s", remedy)
	case timeout > longest:
		return warn(saw+": Cognito waits for 5 s and then asks again, while the first attempt still tries the password", remedy)
	default:
		return pass(saw)
	}
}

func functionMemory(f Facts) Check {
	saw := fmt.Sprintf("%d MB", f.function.value.MemoryMB)
	if f.function.value.MemoryMB < leastMemory {
		return warn(saw+": Lambda gives CPU by memory, and Cognito waits for a cold start too", "give the function 256 MB or more")
	}
	return pass(saw)
}

// functionEnvironment compares the variables of the function with those that
// these checks ran with. It shows names and never a value.
func functionEnvironment(f Facts) Check {
	theirs := f.function.value.Environment
	if theirs == nil {
		return skip("the function's environment cannot be read (its key may not be used by you)")
	}
	ours := f.Settings.Environment
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		value, there := theirs[name]
		switch {
		case !there || value.Empty():
			problems = append(problems, name+" is set here and not there")
		case value.Reveal() != ours[name].Reveal():
			problems = append(problems, name+" is another here than there")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if _, here := ours[name]; !here && f.ofFamily(name) && !theirs[name].Empty() {
			problems = append(problems, name+" is set there and not here")
		}
	}
	return findings{unwise: problems}.result(fmt.Sprintf("the function has the same %d variables", len(ours)),
		"run these checks with the function's own variables, or correct the function's")
}

// ofFamily reports whether a variable is one that the function reads.
func (f *Facts) ofFamily(name string) bool {
	return slices.ContainsFunc(Families(f.Settings.SourceName), func(family string) bool { return strings.HasPrefix(name, family) })
}

// Families are the prefixes of the variables that the function reads.
func Families(source string) []string {
	return []string{"MIGRATE_", source + "_", "AUDIT_", "COMPLETION_", "LOCKOUT_"}
}
