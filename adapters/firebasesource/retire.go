package firebasesource

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceRetirer = (*Directory)(nil)

const (
	opUpdate = "update"
	opDelete = "delete"
)

// Disable implements [ports.SourceRetirer].
func (d *Directory) Disable(ctx context.Context, username string) error {
	return d.change(ctx, opUpdate, "accounts:update", map[string]any{"localId": username, "disableUser": true})
}

// SignOut implements [ports.SourceRetirer]. Refresh tokens from before this
// second are no longer accepted.
func (d *Directory) SignOut(ctx context.Context, username string) error {
	return d.change(ctx, opUpdate, "accounts:update", map[string]any{"localId": username, "validSince": strconv.FormatInt(time.Now().Unix(), 10)})
}

// Delete implements [ports.SourceRetirer].
func (d *Directory) Delete(ctx context.Context, username string) error {
	return d.change(ctx, opDelete, "accounts:delete", map[string]any{"localId": username})
}

// change sends a change of a user. A user who no longer exists is not an error.
func (d *Directory) change(ctx context.Context, operation, method string, body map[string]any) error {
	answer, err := d.admin(ctx, operation, method, body)
	if err != nil || answer.Status == http.StatusOK {
		return err
	}
	isGone := func(kind domain.FindingKind) bool { return kind == domain.UserUnknown }
	_, err = d.refused(operation, readRefusal(answer), isGone, "", domain.Password{})
	return err
}
