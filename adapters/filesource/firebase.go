package filesource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

// account is a user as `firebase auth:export` writes them as JSON. What is not
// here (when somebody signed in last) says nothing about who they are, and
// Firebase may add more, so other fields are left alone.
type account struct {
	LocalID          string `json:"localId"`
	Email            string `json:"email"`
	EmailVerified    *bool  `json:"emailVerified"`
	PasswordHash     string `json:"passwordHash"`
	Salt             string `json:"salt"`
	DisplayName      string `json:"displayName"`
	PhotoURL         string `json:"photoUrl"`
	PhoneNumber      string `json:"phoneNumber"`
	Disabled         bool   `json:"disabled"`
	CustomAttributes string `json:"customAttributes"`
	ProviderUserInfo []struct {
		ProviderID string `json:"providerId"`
	} `json:"providerUserInfo"`
}

func readFirebase(text []byte, project passwordhash.Firebase) (*people, error) {
	var export struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := json.Unmarshal(text, &export); err != nil {
		return nil, fmt.Errorf("not what firebase auth:export writes as JSON%s", place(err))
	}
	if export.Users == nil {
		return nil, errors.New("not what firebase auth:export writes as JSON: there are no users")
	}
	p := newPeople(len(*export.Users))
	var problems faults
	for i, raw := range *export.Users {
		if err := p.takeAccount(raw, project); err != nil {
			problems.add("user", i+1, err)
		}
	}
	return p.complete(problems)
}

func (p *people) takeAccount(raw json.RawMessage, project passwordhash.Firebase) error {
	var a account
	if err := json.Unmarshal(raw, &a); err != nil {
		return errors.New("is not as firebase auth:export writes users")
	}
	if a.LocalID == "" {
		return errors.New("localId: is required")
	}
	claims, err := claimsOf(a.CustomAttributes)
	if err != nil {
		return err
	}
	one := hashed.Person{User: domain.SourceUser{
		Username:   a.LocalID,
		Enabled:    !a.Disabled,
		Attributes: claims,
	}}
	one.User.Attributes["sub"] = a.LocalID
	for name, value := range map[string]string{
		"email": a.Email, "name": a.DisplayName, "picture": a.PhotoURL, "phone_number": a.PhoneNumber,
	} {
		if value != "" {
			one.User.Attributes[name] = value
		}
	}
	if a.Email != "" && a.EmailVerified != nil {
		one.User.Attributes["email_verified"] = strconv.FormatBool(*a.EmailVerified)
	}
	switch {
	case a.PasswordHash != "":
		one.Hash = project.Encode(a.Salt, a.PasswordHash)
	case len(a.federated()) > 0:
		one.User.Status = domain.StatusExternalProvider
	}
	return p.take(one)
}

// federated lists the providers elsewhere through which the user signs in. A
// phone number is none: it is Firebase itself that sends the code.
func (a account) federated() []string {
	var providers []string
	for _, info := range a.ProviderUserInfo {
		if info.ProviderID != "" && info.ProviderID != "password" && info.ProviderID != "phone" {
			providers = append(providers, info.ProviderID)
		}
	}
	return providers
}

// claimsOf reads custom claims, a JSON object in a text, as attributes whose
// names are Cognito's for what a pool adds: custom:claim. What is no text,
// number or boolean stays JSON.
func claimsOf(text string) (domain.Attributes, error) {
	attributes := make(domain.Attributes)
	if text == "" {
		return attributes, nil
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		return nil, errors.New("customAttributes: takes a JSON object in a text")
	}
	for name, raw := range claims {
		value := string(raw)
		switch raw[0] {
		case 'n': // null: none
			continue
		case '"':
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, errors.New("customAttributes: takes a JSON object in a text")
			}
		case '{', '[':
			var compact bytes.Buffer
			if err := json.Compact(&compact, raw); err != nil {
				return nil, errors.New("customAttributes: takes a JSON object in a text")
			}
			value = compact.String()
		}
		attributes["custom:"+name] = value
	}
	return attributes, nil
}
