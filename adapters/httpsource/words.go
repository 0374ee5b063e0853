package httpsource

import (
	"net/http"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// said reads such an error. It ignores a status about our credentials, the
// number of requests or the service itself, because such a status says nothing
// about the user.
func said(answer webclient.Answer) (domain.FindingKind, bool) {
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return 0, false
	}
	if answer.Status/100 != 4 {
		return 0, false
	}
	members := errorcodes.Read(answer.Body)
	code, message := members.Code()
	return profiles.Said(code, message, members.Word("message"))
}
