package lambdasource

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/migrationevent"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// trigger is an existing user migration function. It gets Cognito's event, and its
// response is read as a finding.
type trigger struct {
	*Function
	// told ensures that each note is passed once.
	unused, overridden sync.Once
}

var _ ports.SourceDirectory = (*trigger)(nil)

// Authenticate implements [ports.SourceDirectory]. It is one invocation, as with
// Cognito.
func (t *trigger) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if password.Empty() || !asks(username) {
		return t.found(domain.PasswordWrong), nil
	}
	answer, err := t.prove(ports.WithinAttempt(ctx), password, func(password string) (any, error) {
		return t.event(ctx, domain.TriggerAuthentication, username, &password)
	})
	if err != nil {
		return domain.Finding{}, err
	}
	return t.read(answer, domain.TriggerAuthentication, username, password)
}

// FindUser implements [ports.SourceDirectory].
func (t *trigger) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	if !asks(username) {
		return t.found(domain.UserUnknown), nil
	}
	event, err := t.event(ctx, domain.TriggerForgotPassword, username, nil)
	if err != nil {
		return domain.Finding{}, err
	}
	answer, err := t.find(ctx, event)
	if err != nil {
		return domain.Finding{}, err
	}
	return t.read(answer, domain.TriggerForgotPassword, username, domain.Password{})
}

// event is Cognito's own event, with this question. Without one, as in a completion,
// it is an event that names no user pool.
func (t *trigger) event(ctx context.Context, trigger domain.Trigger, username string, password *string) (json.RawMessage, error) {
	if event := ports.EventOf(ctx); event != nil {
		return migrationevent.Again(event, trigger, username, password)
	}
	return migrationevent.New(migrationevent.From{Region: t.settings.region()}, trigger, username, password)
}

// read returns the finding of the function's response.
func (t *trigger) read(answer answer, trigger domain.Trigger, username string, password domain.Password) (domain.Finding, error) {
	if answer.failed {
		return t.thrown(answer, trigger, username, password)
	}
	response, err := readResponse(answer.payload)
	switch {
	case err != nil:
		return domain.Finding{}, t.malformed(answer, err.Error())
	case len(response.UserAttributes) == 0:
		return t.found(refused(trigger)), nil
	}
	t.note(response)
	finding := t.found(response.kind(trigger))
	finding.User = response.user(username)
	return finding, nil
}

// refused is the finding of an empty response, which does not tell an unknown user
// from a wrong password (cognito-facts 16).
func refused(trigger domain.Trigger) domain.FindingKind {
	if trigger == domain.TriggerForgotPassword {
		return domain.UserUnknown
	}
	return domain.PasswordWrong
}

// thrown returns what an error of the function means. Such functions refuse by
// throwing, with any text. So an error is a refusal unless it is Lambda's own, is
// known to be an outage, or OUTAGE_ERRORS says so.
func (t *trigger) thrown(answer answer, trigger domain.Trigger, username string, password domain.Password) (domain.Finding, error) {
	thrown := readThrown(answer.payload)
	kind, known := thrown.mapped(t.settings.ErrorCodes, username)
	if !known {
		if thrown.isOutage() || thrown.among(t.settings.OutageErrors, username) {
			return domain.Finding{}, thrown.outage(answer, username, password)
		}
		kind, known = thrown.said()
	}
	finding := t.found(kind)
	if !known {
		finding = t.found(refused(trigger))
		finding.UnknownCode = thrown.unknownCode(username, password)
	}
	if trigger == domain.TriggerForgotPassword && !profiles.SaysLookUp(finding.Kind) {
		finding.Kind = domain.UserUnknown
	}
	return finding, nil
}

// response is the response of a user migration function ("Migrate user Lambda
// trigger", Amazon Cognito Developer Guide).
type response struct {
	UserAttributes         map[string]profiles.Text `json:"userAttributes"`
	FinalUserStatus        profiles.Text            `json:"finalUserStatus"`
	MessageAction          profiles.Text            `json:"messageAction"`
	DesiredDeliveryMediums profiles.Values          `json:"desiredDeliveryMediums"`
	ForceAliasCreation     profiles.Flag            `json:"forceAliasCreation"`
	EnableSMSMFA           profiles.Flag            `json:"enableSMSMFA"`
}

// readResponse reads the event that the function returned. It must have the member
// response, which may be null.
func readResponse(payload []byte) (response, error) {
	var members map[string]json.RawMessage
	if profiles.Read(payload, &members) != nil || members["response"] == nil {
		return response{}, errNotTheEvent
	}
	var read response
	return read, profiles.Read(members["response"], &read)
}

// errNotTheEvent is the error for a payload that is not Cognito's event.
var errNotTheEvent = errors.New("the function did not return Cognito's event with a response")

// kind returns the finding of a response with a user. A status that is not CONFIRMED
// becomes RESET_REQUIRED, as at Cognito (cognito-facts 6).
func (r *response) kind(trigger domain.Trigger) domain.FindingKind {
	switch {
	case trigger == domain.TriggerForgotPassword:
		return domain.UserFound
	case r.FinalUserStatus != profiles.Text(domain.StatusConfirmed):
		return domain.ResetRequired
	case r.EnableSMSMFA == profiles.Yes:
		return domain.MFARequired
	default:
		return domain.PasswordAccepted
	}
}

// user returns the user. Without the attribute username, it has the typed name, as
// at Cognito (cognito-facts 10).
func (r *response) user(typed string) domain.SourceUser {
	user := domain.SourceUser{Username: typed, Enabled: true, Attributes: make(domain.Attributes, len(r.UserAttributes))}
	for name, value := range r.UserAttributes {
		profiles.Set(&user, name, value)
	}
	if name := user.Attributes["username"]; name != "" {
		user.Username = name
		delete(user.Attributes, "username")
	}
	user.Sub = user.Attributes["sub"]
	if r.EnableSMSMFA == profiles.Yes {
		user.MFA, user.MFAUnasked = []domain.MFAMethod{domain.MFASMS}, true
	}
	return user
}

// note tells the operator once what of the response has no effect.
func (t *trigger) note(r response) {
	var unused, overridden fields.Set
	rules := t.options.Rules
	for _, name := range slices.Sorted(maps.Keys(r.UserAttributes)) {
		if strings.HasPrefix(name, "custom:") && !slices.Contains(rules.Attributes.Sources(), name) {
			unused.Add(name)
		}
	}
	if (r.ForceAliasCreation == profiles.Yes) != rules.ForceAliasCreation {
		overridden.Add("forceAliasCreation")
	}
	if (r.MessageAction == "SUPPRESS") != (rules.MessageAction != domain.MessageSend) {
		overridden.Add("messageAction")
	}
	t.tell(&t.unused, unused.Notes(fields.UnusedAttributes))
	t.tell(&t.overridden, overridden.Notes(overriddenMembers))
}

// overriddenMembers is the text of a note.
const overriddenMembers = "the trigger function's response differs from the settings, which decide: set MIGRATE_FORCE_ALIAS_CREATION and MIGRATE_MESSAGE_ACTION"

func (t *trigger) tell(once *sync.Once, notes []ports.Note) {
	if len(notes) == 0 || t.options.Note == nil {
		return
	}
	once.Do(func() {
		for _, note := range notes {
			t.options.Note(note)
		}
	})
}
