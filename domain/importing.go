package domain

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ImportCandidate is a user as an import file would create them.
type ImportCandidate struct {
	// Username is the name to create the user under; empty leaves it to the pool's
	// sign-in options.
	Username string
	// Attributes are the user's, under the destination's names. It is nil for a user
	// whom no import file can contain.
	Attributes Attributes
}

// importOf says whether an import file could contain the user, and with what. A
// user who only lacks a verified contact is a candidate too: the operator may vouch
// for one.
func importOf(rules Rules, name string, user SourceUser) (Prospect, ImportCandidate) {
	// An import needs the same as a forgotten password: a contact that a code can be
	// sent to. It does not depend on the trigger's choice about forgotten passwords.
	rules.OnForgotPassword = ForgotPasswordMigrate
	attempt, finding := Attempt{Trigger: TriggerForgotPassword, Username: name}, Finding{Kind: UserFound, User: user}
	decision := Decide(rules, attempt, finding)
	prospect := Prospect{Possible: decision.Verdict == Migrate, Reason: decision.Reason}
	candidate := ImportCandidate{Username: decision.User.Username, Attributes: decision.User.Attributes}
	if decision.Reason != ReasonNoVerifiedContact {
		return prospect, candidate
	}
	vouching := rules
	vouching.VerifiedContacts = VerifiedAlways
	if vouched := Decide(vouching, attempt, finding); vouched.Verdict == Migrate {
		candidate = ImportCandidate{Username: vouched.User.Username, Attributes: rules.Attributes.Apply(user, rules.VerifiedContacts)}
	}
	return prospect, candidate
}

// attributeLastSignIn is the source's attribute that says when a user last signed in.
const attributeLastSignIn = "last_sign_in"

// LastSignIn is when the user last signed in at the source, by its attribute
// last_sign_in: seconds or a date with time and zone. It is zero if the source does
// not say; user pools do not.
func (u SourceUser) LastSignIn() time.Time {
	text, ok := fitEpoch(strings.TrimSpace(u.Attributes[attributeLastSignIn]))
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// AttributeCheck holds values against what one attribute of a user pool takes.
type AttributeCheck struct {
	format   valueFormat
	required bool
}

// Check returns the check of one attribute. Of an attribute that the schema does
// not list, what is documented for every pool holds.
func (s Schema) Check(name string) AttributeCheck {
	attribute, _ := s.attribute(name)
	return AttributeCheck{format: attribute.format(), required: attribute.Required}
}

// Required reports whether no user is created without the attribute.
func (c AttributeCheck) Required() bool { return c.required }

// Fits reports whether the attribute takes the value as it is. An empty value fits.
func (c AttributeCheck) Fits(value string) bool {
	fitted, ok := c.format.fit(value)
	return ok && fitted == value
}

// TailFigures are what the end of a migration is judged by.
type TailFigures struct {
	// CanSignIn are the users who remain and would move by signing in.
	CanSignIn int
	// ShutOut are the users who remain, cannot move by signing in, and could be
	// imported. Each of them who comes back resets the password.
	ShutOut int
	// Last30Days is how many users moved in the last 30 days.
	Last30Days int
}

// LastUsefulDay is the day after which waiting costs more resets than it saves. Each
// day of waiting, some users sign in and keep their password, and some of those who
// are shut out come back and reset theirs. Both come back at the rate of the last 30
// days. The first group shrinks, the second does not, so one day they are equal. It
// is also the last day if less than one user a day is expected to sign in.
func (f TailFigures) LastUsefulDay(today time.Time) time.Time {
	today = today.UTC().Truncate(day)
	if f.CanSignIn == 0 || f.Last30Days == 0 {
		return today
	}
	stays := math.Pow(float64(f.CanSignIn)/float64(f.CanSignIn+f.Last30Days), 1.0/30) // of one user, for a day
	least := max(float64(f.ShutOut), 1/(1-stays))
	days := math.Log(least/float64(f.CanSignIn)) / math.Log(stays)
	if !(days > 0) {
		return today
	}
	return today.AddDate(0, 0, int(min(days, farthest)))
}
