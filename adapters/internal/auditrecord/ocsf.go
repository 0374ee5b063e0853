package auditrecord

import (
	"strconv"
	"time"

	"cognito-user-migration/domain"
)

// Terms of the Open Cybersecurity Schema Framework, version 1.1.0
// (schema.ocsf.io/1.1.0). As it recommends, names are written next to the
// numbers.
const (
	ocsfVersion  = "1.1.0"
	categoryIAM  = 3
	categoryName = "Identity & Access Management"

	product = "cognito-user-migration"
	// invoker is the service that invokes the function.
	invoker = "cognito-idp.amazonaws.com"
)

// class is an OCSF event class.
type class int

// Event classes.
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

// other is the number for values without a number of their own. The name then
// describes the value.
const other = 99

// event is an event of either class. Empty fields are left out.
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

// user has at least the account, even if AUDIT_USERNAME removes the name.
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

// authentication returns an attempt as an event of the class Authentication. If
// the user migrates, it adds one of the class Account Change. That event says
// that the account was requested. Cognito creates it after the response and may
// fail, so the outcome is unknown.
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

// completion returns an attempt to complete a migration as an event of the
// class Account Change about the source user. The activity says what the
// attempt did to that user.
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
	// Each attempt has its own record.
	made.Metadata.UID += "/" + strconv.FormatInt(made.Time, 10)
	switch record.Outcome {
	case domain.CompletionDone:
		made.be(coded{1, "Informational"}, coded{1, "Success"})
	case domain.CompletionPending:
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

// event returns the part that is common to all events.
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

// become sets the class and activity. The event's ID depends only on the
// record, so copies and retries have the same ID.
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

// user returns the user with the recorded form of the name. A digest identifies
// the user but is not a name.
func (e Encoder) user(name domain.Pseudonym, of account) user {
	recorded := user{TypeID: 1, Type: "User", Account: of}
	if e.origin.Username == domain.AuditUsernamePlain {
		recorded.Name = string(name)
	} else {
		recorded.UID = string(name)
	}
	return recorded
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
