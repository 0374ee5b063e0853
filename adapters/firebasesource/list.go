package firebasesource

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.UserLister = (*Directory)(nil)

const opList = "list"

// pageSize keeps a page below the limit of a response, although Firebase gives up
// to 1000 users.
const pageSize = "50"

// Slices implements [ports.UserLister]. Firebase lists users one page after the
// other.
func (d *Directory) Slices() []string { return []string{"all"} }

// Pages implements [ports.UserLister] by accounts:batchGet.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return request.Pages(ctx, func(position string) (ports.UserPage, error) { return d.page(ctx, position) })
}

func (d *Directory) page(ctx context.Context, position string) (ports.UserPage, error) {
	token, err := d.token(ctx)
	if err != nil {
		return ports.UserPage{}, err
	}
	query := url.Values{"maxResults": {pageSize}}
	if position != "" {
		query.Set("nextPageToken", position)
	}
	answer, err := d.client.Get(ctx, opList, d.base+d.project+"/accounts:batchGet?"+query.Encode(), d.header(token))
	if err != nil {
		return ports.UserPage{}, err
	}
	d.settle(token, answer)
	if answer.Status != http.StatusOK {
		none := func(domain.FindingKind) bool { return false }
		_, err := d.refused(opList, readRefusal(answer), none, "", domain.Password{})
		return ports.UserPage{}, err
	}
	accounts, _, err := d.users(opList, answer)
	if err != nil {
		return ports.UserPage{}, err
	}
	var next struct {
		Token string `json:"nextPageToken"`
	}
	if json.Unmarshal(answer.Body, &next) != nil {
		return ports.UserPage{}, d.client.Malformed(opList, "the response is not a list of users")
	}
	page := ports.UserPage{Users: make([]domain.SourceUser, len(accounts))}
	for i := range accounts {
		page.Users[i] = accounts[i].found()
	}
	if len(accounts) > 0 {
		page.Next = next.Token // Firebase gives a token on the last page too
	}
	return page, nil
}
