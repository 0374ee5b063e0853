package domain

// Prospect is what would happen to a user who has not migrated.
type Prospect struct {
	// Possible is true if the user would be created.
	Possible bool
	// Reason is the reason.
	Reason Reason
}

// Forecast is what would happen to a user who has not migrated, computed by
// [Decide].
type Forecast struct {
	// SignIn is the outcome of a sign-in with the right password.
	SignIn Prospect
	// ForgotPassword is the outcome of a forgotten password.
	ForgotPassword Prospect
	// Import says whether an import file could contain the user.
	Import Prospect
}

// ImportCandidate is a user as an import file would create them.
type ImportCandidate struct {
	// Username is the new user's username. It is empty if the pool's sign-in options
	// decide.
	Username string
	// Attributes has the destination's attribute names. It is nil for a user whom no
	// import file can contain.
	Attributes Attributes
}

// Reasons of a forecast that a single decision cannot find: two users would
// become one.
const (
	// ReasonUsernameShared: the destination treats the usernames of several
	// remaining users as equal.
	ReasonUsernameShared Reason = "username_shared"
	// ReasonContactShared: several remaining users have the same verified
	// contact, and users sign in to the destination by it.
	ReasonContactShared Reason = "contact_shared"
)

// ForecastOf says what the rules would decide about the user, and what an import file
// would contain. Second factors count only where the profile names them.
func ForecastOf(rules Rules, user SourceUser) (Forecast, ImportCandidate) {
	name := signInName(rules, user)
	outcome := func(trigger Trigger, kind FindingKind) Prospect {
		decision := Decide(rules, Attempt{Trigger: trigger, Username: name}, Finding{Kind: kind, User: user})
		return Prospect{Possible: decision.Verdict == Migrate, Reason: decision.Reason}
	}
	proved := PasswordAccepted
	if len(user.MFA) > 0 {
		proved = MFARequired
	}
	imported, candidate := importOf(rules, name, user)
	return Forecast{
		SignIn:         outcome(TriggerAuthentication, proved),
		ForgotPassword: outcome(TriggerForgotPassword, UserFound),
		Import:         imported,
	}, candidate
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

// signInName returns what the user types to sign in. If the username is the
// sub, the source generated it, and the user types a contact.
func signInName(rules Rules, user SourceUser) string {
	if sub := subOf(user); sub == "" || user.Username != sub {
		return user.Username
	}
	for _, name := range []string{user.Attributes[attributeEmail], user.Attributes[attributePhone]} {
		if name != "" && user.owns(name, rules.VerifiedContacts) {
			return name
		}
	}
	return user.Username
}

// WithShared returns the forecast of a user who shares a name or contact with
// another, for the reason given. What is refused anyway keeps its reason.
func (f Forecast) WithShared(reason Reason) Forecast {
	for _, outcome := range []*Prospect{&f.SignIn, &f.ForgotPassword, &f.Import} {
		if outcome.Possible {
			*outcome = Prospect{Reason: reason}
		}
	}
	return f
}
