package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/everything"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/time/rate"
)

// retired is a source user with whom completion parted, as records show it.
type retired struct {
	source, sub string
	username    domain.Pseudonym
	// proven: a record shows that completion disabled the user. before: a record shows
	// that the user was disabled already. deleted: completion deleted the user.
	proven, before, deleted bool
}

// readRetired reads completion records. A user is known by the source's sub, or else
// by the recorded username.
func readRetired(from io.Reader, pool string) (users []*retired, elsewhere int, err error) {
	known := make(map[string]*retired)
	err = readRecords(from, func(record auditRecord) {
		sub, before := cmp.Or(record.SourceSub, record.OCSF.Unmapped.SourceSub), cmp.Or(record.SourceUserBefore, record.OCSF.Unmapped.SourceUserBefore)
		disabled := record.SourceUser == domain.RetiredDisabled || record.SourceUser == domain.RetiredDisabledInstead
		deleted := record.SourceUser == domain.RetiredDeleted
		if domain.CompletionOutcome(record.Completion) != domain.CompletionDone || !disabled && !deleted || sub == "" && record.Username == "" {
			return
		}
		if record.UserPoolID != pool {
			elsewhere++
			return
		}
		key := record.Source + " sub " + sub
		if sub == "" {
			key = record.Source + " name " + string(record.Username)
		}
		user := known[key]
		if user == nil {
			user = &retired{source: record.Source, sub: sub, username: record.Username}
			known[key] = user
			users = append(users, user)
		}
		user.proven = user.proven || disabled && before == ""
		user.before = user.before || disabled && before != ""
		user.deleted = user.deleted || deleted
	})
	return users, elsewhere, err
}

// undoing says what becomes of a source user.
type undoing string

const (
	undoEnabled  undoing = "enabled"
	undoAlready  undoing = "already_enabled"
	undoDeleted  undoing = "deleted"
	undoUnproven undoing = "not_proven"
	undoMissing  undoing = "not_found"
	undoFailed   undoing = "failed"
)

// undoneUser is the result for one user.
type undoneUser struct {
	User   string  `json:"user,omitempty"`
	Sub    string  `json:"sourceSub,omitempty"`
	Source string  `json:"source"`
	Result undoing `json:"result"`
	Error  string  `json:"error,omitempty"`
}

// undone is the result for all users.
type undone struct {
	DryRun    bool         `json:"dryRun"`
	Users     []undoneUser `json:"people"`
	Elsewhere int          `json:"otherDestinations,omitempty"`
}

// enabler enables users of a source.
type enabler interface {
	Enable(ctx context.Context, username string) error
}

// undoer enables source users again.
type undoer struct {
	given         completeFlags
	pseudonymizer domain.Pseudonymizer
	pace          *rate.Limiter
	result        undone
	progress      *progress
}

// undo enables the source users again whom completion disabled, as its records prove.
// Without --yes it changes nothing.
func undo(ctx context.Context, given completeFlags, s streams) error {
	from, err := os.Open(given.undo)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	users, elsewhere, err := readRetired(from, given.pool)
	if err != nil {
		return fmt.Errorf("%s: %w", given.undo, err)
	}
	account := newAccount()
	configuration, err := app.Load(ctx, everything.Parts(account), s.environ)
	if err != nil {
		return err
	}
	if err := checkDestination(configuration, given.pool, ""); err != nil {
		return err
	}
	u := &undoer{
		given: given, pace: rate.NewLimiter(rate.Limit(given.rate), 1), progress: &progress{to: s.err, last: time.Now()},
		pseudonymizer: domain.NewPseudonymizer(configuration.Audit.Username, configuration.Audit.HMACKey),
		result:        undone{DryRun: !given.yes, Users: []undoneUser{}, Elsewhere: elsewhere},
	}
	opener := sourceOpener{account: account, profile: given.sourceProfile, rules: configuration.Rules, notes: s.err}
	for _, source := range configuration.Sources {
		theirs := slices.DeleteFunc(slices.Clone(users), func(user *retired) bool { return user.source != source.Name })
		if len(theirs) == 0 {
			continue
		}
		if err := u.undoSource(ctx, opener, source, theirs); err != nil {
			return err
		}
	}
	for _, user := range users {
		if !slices.ContainsFunc(configuration.Sources, func(source config.Source) bool { return source.Name == user.source }) {
			u.add(user, "", undoFailed, "MIGRATE_SOURCES does not list this source; add the source that the record names")
		}
	}
	return u.result.report(s.out, given.asJSON)
}

// undoSource enables the users of one source.
func (u *undoer) undoSource(ctx context.Context, opener sourceOpener, source config.Source, users []*retired) error {
	var wanted []*retired
	for _, user := range users {
		switch {
		case user.deleted:
			u.add(user, "", undoDeleted, "")
		case !user.proven:
			u.add(user, "", undoUnproven, "")
		default:
			wanted = append(wanted, user)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	opened, err := openToEnable(ctx, opener, source)
	if err != nil {
		return fmt.Errorf("%s: %w", source.Name, err)
	}
	if opened.lister == nil || opened.enabler == nil {
		for _, user := range wanted {
			u.add(user, "", undoFailed, fmt.Sprintf("users of this source cannot be enabled (%s_KIND=%s)", source.Name, source.Kind))
		}
		return nil
	}
	found, err := u.find(ctx, opened, wanted)
	if err != nil {
		return fmt.Errorf("%s: its users could not be listed: %w", source.Name, err)
	}
	for i, user := range wanted {
		if err := u.enable(ctx, opened.enabler, user, found[user]); err != nil {
			return err
		}
		u.progress.tell("%d of %d enabled", i+1, len(wanted))
	}
	return nil
}

// fewest is from how many users on to list a whole pool takes fewer requests than to
// ask for each.
const fewest = 1000

// find looks the users up. A name alone counts only where the record has no sub:
// another user may have the name now.
func (u *undoer) find(ctx context.Context, opened undoSource, wanted []*retired) (map[*retired]domain.SourceUser, error) {
	found := make(map[*retired]domain.SourceUser)
	bySub, byName := make(map[string]*retired), make(map[domain.Pseudonym]*retired)
	for _, user := range wanted {
		if user.sub != "" {
			bySub[user.sub] = user
		} else {
			byName[user.username] = user
		}
	}
	slicesOf := opened.lister.Slices()
	if opened.pool && len(byName) == 0 && len(bySub) <= fewest && !slices.ContainsFunc(wanted, func(user *retired) bool { return !isUUID(user.sub) }) {
		slicesOf = nil // the slice of a whole sub is one user
		for _, user := range wanted {
			slicesOf = append(slicesOf, user.sub)
		}
	}
	listed := 0
	for _, slice := range slicesOf {
		for page, err := range opened.lister.Pages(ctx, ports.ListRequest{Slice: slice, Wait: u.pace.Wait}) {
			if err != nil {
				return nil, err
			}
			for _, user := range page.Users {
				listed++
				sub := cmp.Or(user.Sub, user.Attributes["sub"])
				if match := bySub[sub]; match != nil && sub != "" {
					found[match] = user
				} else if match := byName[u.pseudonymizer.Pseudonym(user.Username)]; match != nil {
					found[match] = user
				} else if match := byName[domain.Pseudonym(user.Username)]; match != nil { // AUDIT_USERNAME was plain
					found[match] = user
				}
			}
			u.progress.tell("%d users of the source compared, %d of %d found", listed, len(found), len(wanted))
			if len(found) == len(wanted) {
				return found, nil
			}
		}
	}
	return found, nil
}

// isUUID reports whether a sub has only the signs of one.
func isUUID(sub string) bool {
	return sub != "" && strings.Trim(sub, "0123456789abcdefABCDEF-") == ""
}

// enable enables one user.
func (u *undoer) enable(ctx context.Context, source enabler, user *retired, found domain.SourceUser) error {
	switch {
	case found.Username == "":
		u.add(user, "", undoMissing, "")
		return nil
	case found.Enabled:
		u.add(user, found.Username, undoAlready, "")
		return nil
	case !u.given.yes:
		u.add(user, found.Username, undoEnabled, "")
		return nil
	}
	if err := u.pace.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, eachTimeout)
	defer cancel()
	if err := source.Enable(ctx, found.Username); err != nil {
		u.add(user, found.Username, undoFailed, err.Error())
		return nil
	}
	u.add(user, found.Username, undoEnabled, "")
	return nil
}

func (u *undoer) add(user *retired, name string, result undoing, problem string) {
	u.result.Users = append(u.result.Users, undoneUser{User: name, Sub: user.sub, Source: user.source, Result: result, Error: problem})
}

// undoSource is a source that was opened to enable its users.
type undoSource struct {
	lister  ports.UserLister
	enabler enabler
	// pool is true for a user pool, whose slices are the beginnings of subs.
	pool bool
}

// openToEnable opens a source to enable its users.
func openToEnable(ctx context.Context, opener sourceOpener, source config.Source) (undoSource, error) {
	if settings, isPool := cognitosource.SettingsOf(source.Settings); isPool {
		pool, err := opener.pool(ctx, settings)
		if err != nil {
			return undoSource{}, err
		}
		return undoSource{lister: pool, enabler: pool, pool: true}, nil
	}
	opened, err := opener.open(ctx, source)
	if err != nil {
		return undoSource{}, err
	}
	able, _ := opened.Retirer.(enabler)
	return undoSource{lister: opened.Lister, enabler: able}, nil
}

// report prints the result. It returns an error if a user stays disabled who was
// disabled by completion.
func (u *undone) report(to io.Writer, asJSON bool) error {
	counts := make(map[undoing]int)
	for _, one := range u.Users {
		counts[one.Result]++
	}
	var err error
	if asJSON {
		err = trial.WriteJSON(to, u)
	} else {
		err = u.write(to, counts)
	}
	if err != nil {
		return err
	}
	if left := counts[undoDeleted] + counts[undoMissing] + counts[undoFailed]; left > 0 {
		return fmt.Errorf("%d of %d cannot be enabled again", left, len(u.Users))
	}
	return nil
}

func (u *undone) write(to io.Writer, counts map[undoing]int) error {
	words := map[undoing]string{
		undoEnabled: "enabled", undoAlready: "already enabled",
		undoDeleted:  "deleted by completion, which cannot be undone",
		undoUnproven: "left alone: was disabled before completion, so no record proves that completion disabled the user",
		undoMissing:  "not found: the source no longer has this user",
		undoFailed:   "failed",
	}
	if u.DryRun {
		words[undoEnabled] = "can be enabled"
	}
	var text strings.Builder
	for _, one := range u.Users {
		name := cmp.Or(one.User, strings.TrimSpace("user "+one.Sub))
		fmt.Fprintf(&text, "%s (%s): %s", name, one.Source, words[one.Result])
		if one.Error != "" {
			fmt.Fprintf(&text, " (%s)", trial.OneLine(one.Error))
		}
		text.WriteByte('\n')
	}
	fmt.Fprintf(&text, "\n%d in the records: %d %s, %d already enabled, %d deleted, %d not proven, %d not found, %d failed\n",
		len(u.Users), counts[undoEnabled], words[undoEnabled], counts[undoAlready], counts[undoDeleted], counts[undoUnproven], counts[undoMissing], counts[undoFailed])
	if u.Elsewhere > 0 {
		fmt.Fprintf(&text, "%d more records belong to other destinations\n", u.Elsewhere)
	}
	if u.DryRun {
		text.WriteString("\nNothing was changed. Add --yes to change it.\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}
