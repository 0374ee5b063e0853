package doctor

import (
	"fmt"
	"strings"

	"cognito-user-migration/ports/setup"
)

// Lockout says how passwords are kept from being guessed.
type Lockout struct {
	// Table is the name of the table that counts tries; empty where there is
	// none.
	Table string
	// KeyAttribute and ExpiryAttribute are what it must have as its key, and for
	// its time to live.
	KeyAttribute, ExpiryAttribute string
	// Unlimited lists the sources without a lockout, each with its kind.
	Unlimited []string
}

// lockout checks the table that counts attempts, or without one, whether the sources
// count them.
func lockout(f Facts) Check {
	settings := f.Settings.Lockout
	switch {
	case f.aside("LOCKOUT_TABLE"), f.aside("AUDIT_HMAC_KEY"), len(f.Settings.SetAside) > 0 && f.Settings.SourceKind == "":
		return skip(becauseOf(nameConfiguration))
	case settings.Table == "" && len(settings.Unlimited) > 0:
		return warn(strings.Join(settings.Unlimited, ", ")+" has no lockout of its own, and LOCKOUT_TABLE is not set: passwords can be guessed through the sign-in",
			"set LOCKOUT_TABLE; the templates in deploy make the table with MakeLockoutTable=true")
	case settings.Table == "":
		return pass("LOCKOUT_TABLE is not set: wrong passwords are left to the source (" + f.Settings.SourceKind + ") to count")
	}
	if check, yes := unread(f.table, "check LOCKOUT_TABLE: the table must be in the function's region and account", "dynamodb:DescribeTable and dynamodb:DescribeTimeToLive on the table"); yes {
		return check
	}
	table := f.table.value
	var found findings
	if len(table.Key) != 1 || table.Key[0] != (setup.TableKey{Name: settings.KeyAttribute, Type: "S"}) {
		found.wrong = append(found.wrong, fmt.Sprintf("its key is %s; expected only %s (S)", keyOf(table), settings.KeyAttribute))
	}
	if table.State != "ACTIVE" && table.State != "UPDATING" {
		found.wrong = append(found.wrong, "its state is "+table.State)
	}
	switch table.Expires {
	case settings.ExpiryAttribute:
	case "":
		found.unwise = append(found.unwise, "its time to live is off: what is counted of a name is forgotten, but never deleted")
	default:
		found.unwise = append(found.unwise, "its time to live is by "+table.Expires+": what is counted of a name is never deleted")
	}
	return found.result(table.ARN+", time to live by "+table.Expires,
		fmt.Sprintf("make a table as the templates in deploy do: key %s (S), time to live by %s", settings.KeyAttribute, settings.ExpiryAttribute))
}

func keyOf(table setup.Table) string {
	var parts []string
	for _, key := range table.Key {
		part := key.Name + " (" + key.Type + ")"
		if key.Sorts {
			part += " for sorting"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " and ")
}
