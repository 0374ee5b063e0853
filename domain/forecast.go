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
