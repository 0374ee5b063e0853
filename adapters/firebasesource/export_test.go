package firebasesource

import (
	"time"

	"cognito-user-migration/domain"
)

// WithoutLookUps makes the directory ask an emulator as it would ask Firebase
// without a service account.
func WithoutLookUps(d *Directory) *Directory {
	other := *d
	other.settings.EmulatorHost, other.settings.ServiceAccount, other.tokens = "", domain.Secret{}, nil
	return &other
}

// SetClock replaces the clock of the service account's tokens.
func SetClock(d *Directory, now func() time.Time) { d.tokens.now = now }

// AskElsewhere makes the directory ask another address than Firebase's.
func AskElsewhere(d *Directory, address string) { d.base = address + "/v1/" }
