package filesource

import (
	"encoding/json"
	"errors"
	"fmt"

	"cognito-user-migration/adapters/internal/firebaseaccount"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

func readFirebase(text []byte, with reading, project passwordhash.Firebase) (*snapshot, error) {
	var export struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := json.Unmarshal(text, &export); err != nil {
		return nil, fmt.Errorf("not a JSON file of firebase auth:export%s", offsetOf(err))
	}
	if export.Users == nil {
		return nil, errors.New("not a JSON file of firebase auth:export: the field users is missing")
	}
	p := newSnapshot(len(*export.Users), with)
	var problems faults
	for i, raw := range *export.Users {
		hasClaims, err := p.takeAccount(raw, project)
		if err != nil {
			problems.add("user", i+1, err)
		}
		if !hasClaims {
			p.claimless.Add(fmt.Sprintf("user %d", i+1))
		}
	}
	return p.complete(problems)
}

// redacted replaces hashes in an export by an account without permission to
// read them: REDACTED in Base64.
const redacted = "UkVEQUNURUQ="

// takeAccount adds a user. hasClaims is false if the custom claims cannot be
// parsed; the user then has none.
func (p *snapshot) takeAccount(raw json.RawMessage, project passwordhash.Firebase) (hasClaims bool, err error) {
	var a firebaseaccount.Account
	if err := json.Unmarshal(raw, &a); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return true, fmt.Errorf("%s: not in the format of firebase auth:export", wrong.Field)
		}
		return true, errors.New("not a user in the format of firebase auth:export")
	}
	if a.LocalID == "" {
		return true, errors.New("localId: is required")
	}
	if a.PasswordHash == redacted {
		return true, errors.New("passwordHash: is redacted; export again with an account that has the permission firebaseauth.configs.getHashConfig")
	}
	user, hasClaims := a.User()
	one := hashed.Entry{User: user}
	one.User.MFAUnasked = true
	p.tellsFactors = p.tellsFactors || a.MFAInfo != nil
	switch {
	case a.PasswordHash != "":
		one.Hash = project.Encode(a.Salt, a.PasswordHash)
	case !a.ProvesItself():
		one.User.Status = domain.StatusExternalProvider
	}
	return hasClaims, p.take(one)
}
