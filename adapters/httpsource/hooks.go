package httpsource

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// kratos is the contract of Ory Kratos' password migration hook: status 200
// with a status member for a right password, 403 for a wrong one. It is
// documented in Ory Docs, "Import user accounts into Ory Identities: Password
// migration using a web hook".
type kratos struct{}

func (kratos) question(_ domain.SourceUser, typed, password string) any {
	return struct {
		Identifier string `json:"identifier"`
		Password   string `json:"password"`
	}{typed, password}
}

func (kratos) address(base *url.URL, _ domain.SourceUser) string {
	return base.String()
}

func (kratos) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	switch answer.Status {
	case http.StatusOK:
		var said struct {
			Status string `json:"status"`
		}
		err := profiles.Read(answer.Body, &said)
		switch {
		case err != nil || said.Status == "":
			return 0, nil, profiles.ErrFormat
		case said.Status == "password_match":
			return domain.PasswordAccepted, nil, nil
		default:
			return domain.PasswordWrong, nil, nil
		}
	case http.StatusForbidden:
		return domain.PasswordWrong, nil, nil
	default:
		return 0, nil, nil
	}
}

// okta is the contract of Okta's password import inline hook ("Password Import
// Inline Hook Reference", Okta Developer). Commands in the response say whether
// the password is right. An empty response keeps the default in the request.
type okta struct{}

const (
	oktaEvent      = "com.okta.user.credential.password.import"
	oktaUpdate     = "com.okta.action.update"
	oktaVerified   = "VERIFIED"
	oktaUnverified = "UNVERIFIED"
)

type oktaCredential struct {
	Credential string `json:"credential"`
}

func (okta) question(_ domain.SourceUser, typed, password string) any {
	type credential struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	type call struct {
		ID     string            `json:"id"`
		Method string            `json:"method"`
		URL    map[string]string `json:"url"`
	}
	type eventContext struct {
		Request    call       `json:"request"`
		Credential credential `json:"credential"`
	}
	type data struct {
		Context eventContext   `json:"context"`
		Action  oktaCredential `json:"action"`
	}
	id := rand.Text()
	return struct {
		EventID           string `json:"eventId"`
		EventTime         string `json:"eventTime"`
		EventType         string `json:"eventType"`
		EventTypeVersion  string `json:"eventTypeVersion"`
		ContentType       string `json:"contentType"`
		CloudEventVersion string `json:"cloudEventVersion"`
		Source            string `json:"source"`
		Data              data   `json:"data"`
	}{
		EventID: id, EventTime: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), EventType: oktaEvent,
		EventTypeVersion: "1.0", ContentType: "application/json", CloudEventVersion: "0.1", Source: "cognito-user-migration",
		Data: data{
			Context: eventContext{
				Request:    call{ID: id, Method: http.MethodPost, URL: map[string]string{"value": "/api/v1/authn"}},
				Credential: credential{typed, password},
			},
			Action: oktaCredential{oktaUnverified},
		},
	}
}

func (okta) address(base *url.URL, _ domain.SourceUser) string {
	return base.String()
}

func (okta) answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error) {
	switch answer.Status {
	case http.StatusNoContent:
		return domain.PasswordWrong, nil, nil
	case http.StatusOK:
		if len(bytes.TrimSpace(answer.Body)) == 0 {
			return domain.PasswordWrong, nil, nil
		}
		return oktaCommands(answer.Body)
	default:
		return 0, nil, nil
	}
}

// oktaCommands accepts the password if one command says so and none says
// otherwise.
func oktaCommands(body []byte) (domain.FindingKind, *domain.SourceUser, error) {
	var said struct {
		Commands []struct {
			Type  string         `json:"type"`
			Value oktaCredential `json:"value"`
		} `json:"commands"`
		Error *struct{} `json:"error"`
	}
	if err := profiles.Read(body, &said); err != nil || said.Error != nil {
		return 0, nil, profiles.ErrFormat
	}
	kind := domain.PasswordWrong
	for _, command := range said.Commands {
		if command.Type != oktaUpdate {
			continue
		}
		if command.Value.Credential != oktaVerified {
			return domain.PasswordWrong, nil, nil
		}
		kind = domain.PasswordAccepted
	}
	return kind, nil, nil
}
