package domain

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Verdict is the result of a decision.
type Verdict uint8

// Verdicts. The zero Verdict refuses, so that a programming error admits no
// user.
const (
	// Refuse: no user is created.
	Refuse Verdict = iota
	// Migrate: the response lets Cognito create the user.
	Migrate
)

// FinalStatus is the status in which Cognito creates the user (cognito-facts
// 6). An empty status leaves the field out, as a forgotten password requires.
type FinalStatus string

// The statuses that a migration can end in.
const (
	// FinalConfirmed: the typed password becomes the user's password.
	FinalConfirmed FinalStatus = "CONFIRMED"
	// FinalResetRequired: the user must first set a password with a code.
	FinalResetRequired FinalStatus = "RESET_REQUIRED"
)

// NewUser is the user for Cognito to create.
type NewUser struct {
	// Username is the username; if it is empty, Cognito chooses (cognito-facts
	// 10).
	Username string
	// Attributes has the destination's attribute names.
	Attributes Attributes
	// FinalStatus is the user's status; an empty one is left out.
	FinalStatus FinalStatus
	// SuppressMessage prevents Cognito's welcome message.
	SuppressMessage bool
	// DeliverByEmail and DeliverBySMS are the channels of a welcome message.
	DeliverByEmail, DeliverBySMS bool
	// ForceAliasCreation takes an alias from the user who has it now.
	ForceAliasCreation bool
	// EnableSMSMFA enables SMS codes as the second factor (cognito-facts 9).
	EnableSMSMFA bool
}

// Format implements [fmt.Formatter]: a new user prints as its status alone.
func (u NewUser) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "new user(%s)", string(u.FinalStatus))
}

// MarshalText implements [encoding.TextMarshaler] as Format does.
func (u NewUser) MarshalText() ([]byte, error) {
	return fmt.Append(nil, u), nil
}

// Decision is the answer to an attempt.
type Decision struct {
	// Verdict says whether the user is created.
	Verdict Verdict
	// Reason is the reason; every decision has one.
	Reason Reason
	// Source is the name of the source whose answer decided.
	Source string
	// Challenge is the challenge that the source returned, if any.
	Challenge string
	// UnknownCode is the source's code for its answer, if no rule knows it.
	UnknownCode ResponseCode
	// User is the user to create; empty for a refusal.
	User NewUser
	// SecondFactor is the second factor that completion sets as preferred in the
	// destination, if any.
	SecondFactor MFAMethod
	// MFAGroup is the group that completion adds because the user had a second
	// factor, if any.
	MFAGroup string
	// Omitted are the attributes that the user has at the source and does not get,
	// because the destination would reject the value. After a refusal for that reason, it
	// also lists required attributes that are missing.
	Omitted AttributeNames
}

// Format implements [fmt.Formatter]: a decision prints as its verdict and reason.
func (d Decision) Format(state fmt.State, _ rune) {
	verdict := "refuse"
	if d.Verdict == Migrate {
		verdict = "migrate"
	}
	_, _ = io.WriteString(state, "decision("+verdict+": "+string(d.Reason)+")")
}

// Decide decides an attempt from the source's finding. It is pure and total:
// equal arguments give equal decisions, and all arguments give one.
//
// A user is created CONFIRMED only if the source accepted the password. A user
// is created only under an identifier of their own. Without a proved password,
// a user is created only if a code can be sent to them. The rows of the
// decision table are in docs/decision-table.md.
func Decide(rules Rules, attempt Attempt, finding Finding) Decision {
	verdict := decide(rules, attempt, finding)
	verdict.Source = finding.Source
	verdict.Challenge, verdict.UnknownCode = finding.Challenge, finding.UnknownCode
	return verdict
}

func decide(rules Rules, attempt Attempt, finding Finding) Decision {
	if !rules.AsksSource(attempt.Trigger) {
		return Decision{Reason: ReasonForgotPasswordRefused}
	}
	if reason := refusal(rules, attempt.Trigger, finding.Kind); reason != "" {
		return Decision{Reason: reason}
	}
	user := finding.User
	if !user.owns(attempt.Username, rules.VerifiedContacts) {
		return Decision{Reason: ReasonIdentifierNotOwned}
	}
	if reason := standing(user); reason != "" {
		return Decision{Reason: reason}
	}
	kind := finding.Kind.Settled(user)
	if reason := refusal(rules, attempt.Trigger, kind); reason != "" {
		return Decision{Reason: reason}
	}
	if demandsMFA(kind, finding) && !rules.migratesMFA() {
		return Decision{Reason: ReasonMFARequired}
	}
	return create(rules, attempt, kind, finding)
}

// refusal returns the reason to refuse a finding of this kind without reading
// the profile, or an empty one. The findings table decides.
func refusal(rules Rules, trigger Trigger, kind FindingKind) Reason {
	row := kind.row()
	switch {
	case row.only != 0 && row.only != trigger:
		return ReasonFindingUnexpected
	case !rules.NeedsProfile(kind):
		return row.reason
	default:
		return ""
	}
}

// standing returns the reason to refuse a user in this state, independent of
// the finding, or an empty one.
func standing(user SourceUser) Reason {
	if !user.Enabled {
		return ReasonUserDisabled
	}
	switch user.Status { //nolint:exhaustive // the default is for every other status
	case "", StatusConfirmed, StatusResetRequired, StatusForceChangePassword:
		return ""
	case StatusUnconfirmed:
		return ReasonUserUnconfirmed
	case StatusExternalProvider:
		return ReasonUserFederated
	case StatusArchived:
		return ReasonUserArchived
	case StatusCompromised:
		return ReasonUserCompromised
	default: // StatusUnknown, and any status that is added later
		return ReasonStatusUnknown
	}
}

// create returns the decision to migrate, or a refusal if the new user would have no
// verified contact or another user's name.
func create(rules Rules, attempt Attempt, kind FindingKind, finding Finding) Decision {
	user := finding.User
	attributes, omitted := rules.Attributes.fit(user, rules.VerifiedContacts)
	if unfit := rules.Attributes.unfit(attempt, user, attributes, omitted); len(unfit) > 0 {
		return Decision{Reason: ReasonAttributeInvalid, Omitted: omitted.with(unfit)}
	}
	status, reason := finalStatus(rules, kind), kind.row().reason
	weak := status == FinalConfirmed && rules.isWeak(attempt.Password)
	if weak && rules.OnWeakPassword == WeakPasswordReset {
		status, reason = FinalResetRequired, ReasonWeakPassword
	}
	carried := rules.carriedFactor(status, finding, attributes)
	if carried == "" && rules.OnMFA == MFACarry && demandsMFA(kind, finding) {
		return Decision{Reason: ReasonMFANotCarried, Omitted: omitted}
	}
	if weak && (status == FinalConfirmed || !attributes.hasVerifiedContact()) {
		return Decision{Reason: ReasonWeakPassword, Omitted: omitted}
	}
	if status != FinalConfirmed && !attributes.hasVerifiedContact() {
		return Decision{Reason: ReasonNoVerifiedContact, Omitted: omitted}
	}
	name := rules.username(attempt.Username, user)
	if user.disputes(name) {
		return Decision{Reason: ReasonIdentifierNotOwned}
	}
	if name != "" && !IsUsername(name) {
		return Decision{Reason: ReasonUsernameInvalid, Omitted: omitted}
	}
	preferred := carried
	if !rules.SetsMFAPreference {
		preferred = ""
	}
	return Decision{
		Verdict:      Migrate,
		Reason:       reason,
		SecondFactor: preferred,
		MFAGroup:     rules.enrollmentGroup(kind, finding),
		Omitted:      omitted,
		User: NewUser{
			Username:           name,
			Attributes:         attributes,
			FinalStatus:        status,
			SuppressMessage:    rules.MessageAction != MessageSend,
			DeliverByEmail:     rules.MessageAction == MessageSend && attributes.hasVerifiedEmail(),
			DeliverBySMS:       rules.MessageAction == MessageSend && attributes.hasVerifiedPhone(),
			ForceAliasCreation: rules.ForceAliasCreation && finding.Kind.ProvesPassword() && attributes.hasVerifiedContact(),
			EnableSMSMFA:       rules.enablesSMS(carried, status, finding, attributes),
		},
	}
}

// finalStatus returns the status of the new user. Only a password that the
// source accepted, or an explicit rule, makes it CONFIRMED.
func finalStatus(rules Rules, kind FindingKind) FinalStatus {
	switch {
	case kind == PasswordAccepted, kind == MFARequired:
		return FinalConfirmed
	case kind == UserFound:
		return ""
	case kind == TemporaryPasswordAccepted && rules.OnTemporaryPassword == TemporaryPasswordConfirm:
		return FinalConfirmed
	default: // a temporary password, a required reset, and any kind that is added later
		return FinalResetRequired
	}
}

// username returns the new user's username for a submitted identifier. Every rule that
// is not another one is [UsernameAuto].
func (r Rules) username(submitted string, user SourceUser) string {
	switch {
	case r.Username == UsernameOmit:
		return ""
	case r.Username == UsernameSubmitted:
		return submitted
	case r.Username == UsernameSource:
		return user.Username
	case user.Username == subOf(user):
		return ""
	case strings.EqualFold(submitted, user.Username):
		return submitted
	default:
		return user.Username
	}
}

// createdName returns the name by which the destination knows the new user. It is the
// submitted identifier if Cognito chooses the username.
func (d Decision) createdName(attempt Attempt) string {
	return cmp.Or(d.User.Username, attempt.Username)
}
