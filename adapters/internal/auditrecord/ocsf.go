package auditrecord

import (
	"strconv"
	"time"

	"cognito-user-migration/domain"
)

// What the Open Cybersecurity Schema Framework, version 1.1.0, calls things
// (schema.ocsf.io/1.1.0). Names stand beside the numbers, as it recommends.
const (
	ocsfVersion  = "1.1.0"
	categoryIAM  = 3
	categoryName = "Identity & Access Management"

	product = "cognito-user-migration"
	// invoker is who asks for an attempt.
	invoker = "cognito-idp.amazonaws.com"
)

// class is a class of events.
type class int

// The classes.
const (
	classAccountChange  class = 3001
	classAuthentication class = 3002
)

func (c class) name() string {
	if c == classAuthentication {
		return "Authentication"
	}
	return "Account Change"
}

// coded is a number of the schema with its name.
type coded struct {
	id   int
	name string
}

// other is the number of what the schema has no number for; the name then says
// what it is.
const other = 99

// event is an event of either class, as far as there is something to say.
type event struct {
	ActivityID   int    `json:"activity_id"`
	ActivityName string `json:"activity_name"`
	CategoryUID  int    `json:"category_uid"`
	CategoryName string `json:"category_name"`
	ClassUID     int    `json:"class_uid"`
	ClassName    string `json:"class_name"`
	TypeUID      int    `json:"type_uid"`
	TypeName     string `json:"type_name"`
	SeverityID   int    `json:"severity_id"`
	Severity     string `json:"severity"`
	StatusID     int    `json:"status_id"`
	Status       string `json:"status"`
	StatusCode   string `json:"status_code"`
	StatusDetail string `json:"status_detail,omitempty"`
	Time         int64  `json:"time"` // milliseconds
	Duration     *int64 `json:"duration,omitempty"`
	Message      string `json:"message"`

	Metadata metadata `json:"metadata"`
	Cloud    cloud    `json:"cloud"`
	Actor    actor    `json:"actor"`
	User     user     `json:"user"`
	Service  *named   `json:"service,omitempty"`
	Unmapped Object   `json:"unmapped"`
}

type metadata struct {
	Version        string      `json:"version"`
	UID            string      `json:"uid"`
	CorrelationUID string      `json:"correlation_uid,omitempty"`
	EventCode      string      `json:"event_code,omitempty"`
	LogName        string      `json:"log_name"`
	LogProvider    string      `json:"log_provider,omitempty"`
	Profiles       []string    `json:"profiles"`
	Product        productInfo `json:"product"`
}

type productInfo struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version,omitempty"`
}

type cloud struct {
	Provider string `json:"provider"`
	Region   string `json:"region,omitempty"`
}

type actor struct {
	InvokedBy string `json:"invoked_by"`
	IDP       *named `json:"idp,omitempty"`
}

// user is at least their account, whatever AUDIT_USERNAME leaves of the name.
type user struct {
	Name    string  `json:"name,omitempty"`
	UID     string  `json:"uid,omitempty"`
	TypeID  int     `json:"type_id"`
	Type    string  `json:"type"`
	Account account `json:"account"`
}

type account struct {
	UID    string `json:"uid,omitempty"`
	Name   string `json:"name,omitempty"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
}

type named struct {
	Name string `json:"name,omitempty"`
	UID  string `json:"uid,omitempty"`
}

// authentication gives an attempt as an event of the class Authentication and,
// where a user is moved, one of the class Account Change: their account is being
// created. It is requested, and no more is known: Cognito does it after the
// answer, and may fail to.
func (e Encoder) authentication(record domain.AuditRecord) []event {
	activity := coded{1, "Logon"}
	if record.Trigger == domain.TriggerForgotPassword {
		activity = coded{other, "Forgot Password"}
	}
	made := e.event(classAuthentication, activity, record.AttemptID, string(record.Outcome), record.Time)
	switch record.Outcome {
	case domain.OutcomeMigrated:
		made.be(coded{1, "Informational"}, coded{1, "Success"})
	case domain.OutcomeRefused:
		made.be(coded{2, "Low"}, coded{2, "Failure"})
	case domain.OutcomeFailed:
		made.be(coded{3, "Medium"}, coded{2, "Failure"})
	}
	duration := record.Duration.Milliseconds()
	made.Duration = &duration
	made.StatusDetail = string(record.Reason)
	made.Message = "attempt " + string(record.Outcome)
	made.Metadata.EventCode = record.Trigger.String()
	made.Actor = actor{InvokedBy: invoker}
	if record.Source != "" {
		made.Actor.IDP = &named{Name: record.Source}
	}
	made.User = e.user(record.Username, account{UID: record.UserPoolID, TypeID: other, Type: "Amazon Cognito user pool"})
	made.Unmapped = Attempt(record).Without("attemptId", "time", "outcome", "reason", "durationMs", "username", "source")

	changed := made
	made.Service = &named{Name: "Amazon Cognito user pool", UID: record.UserPoolID}
	if record.Outcome != domain.OutcomeMigrated {
		return []event{made}
	}
	changed.become(classAccountChange, coded{1, "Create"}, record.AttemptID)
	changed.be(coded{1, "Informational"}, coded{other, "Requested"})
	changed.Message = "account requested"
	return []event{made, changed}
}

// completion gives a try to finish a move as an event of the class Account
// Change, about the source user: what the try did to them is the activity.
func (e Encoder) completion(record domain.CompletionRecord) []event {
	activity := coded{other, "Complete"}
	switch record.Retired {
	case domain.RetiredDisabled, domain.RetiredDisabledInstead:
		activity = coded{5, "Disable"}
	case domain.RetiredDeleted:
		activity = coded{6, "Delete"}
	case domain.RetiredNot, domain.RetiredGone:
	}
	code := string(record.Outcome)
	made := e.event(classAccountChange, activity, record.AttemptID, code, record.Time)
	// There are as many of them as tries.
	made.Metadata.UID += "/" + strconv.FormatInt(made.Time, 10)
	switch record.Outcome {
	case domain.CompletionDone:
		made.be(coded{1, "Informational"}, coded{1, "Success"})
	case domain.CompletionOwed:
		made.be(coded{1, "Informational"}, coded{other, "Owed"})
	case domain.CompletionAbandoned:
		made.be(coded{3, "Medium"}, coded{2, "Failure"})
	}
	made.StatusDetail = string(record.Reason)
	made.Message = "completion " + code
	made.Actor = actor{InvokedBy: product}
	made.User = e.user(record.Username, account{Name: record.Source, TypeID: other, Type: "Source directory"})
	made.Unmapped = Completion(record).Without("attemptId", "time", "completion", "reason", "username", "source")
	return []event{made}
}

// event is what every event says.
func (e Encoder) event(of class, activity coded, attemptID, code string, at time.Time) event {
	made := event{
		CategoryUID: categoryIAM, CategoryName: categoryName,
		StatusCode: code, Time: at.UnixMilli(),
		Metadata: metadata{
			Version: ocsfVersion, CorrelationUID: attemptID, LogName: "audit", LogProvider: e.origin.Function,
			Profiles: []string{"cloud"},
			Product:  productInfo{Name: product, VendorName: product, Version: e.origin.Version},
		},
		Cloud: cloud{Provider: "AWS", Region: e.origin.Region},
	}
	made.become(of, activity, attemptID)
	return made
}

// become makes the event one of the class and the activity. Its ID is the same
// wherever the event is kept, and however often.
func (e *event) become(of class, activity coded, attemptID string) {
	e.ClassUID, e.ClassName = int(of), of.name()
	e.ActivityID, e.ActivityName = activity.id, activity.name
	e.TypeUID, e.TypeName = int(of)*100+activity.id, of.name()+": "+activity.name
	if activity.id == other {
		e.TypeName = of.name() + ": Other"
	}
	e.Metadata.UID = attemptID + "/" + strconv.Itoa(int(of)) + "/" + e.StatusCode
}

func (e *event) be(severity, status coded) {
	e.SeverityID, e.Severity = severity.id, severity.name
	e.StatusID, e.Status = status.id, status.name
}

// user is the person under the form of their name that may be recorded: a digest
// identifies them, and is no name.
func (e Encoder) user(name domain.Pseudonym, of account) user {
	person := user{TypeID: 1, Type: "User", Account: of}
	if e.origin.Username == domain.AuditUsernamePlain {
		person.Name = string(name)
	} else {
		person.UID = string(name)
	}
	return person
}

func (e Encoder) ocsf(events []event) ([]Event, error) {
	var all []Event
	for _, each := range events {
		one, err := encode(each.Message, each)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}
