// Package report is the operator's view of the whole migration. It lists the
// destination and the sources, and stores the users in a state. It joins both sides,
// and forecasts the outcome for each remaining user.
package report

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"cognito-user-migration/adapters/cognitosource/listing"
	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/sync/errgroup"
)

// Waiter limits requests. [golang.org/x/time/rate.Limiter] is one.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Source is a source to list.
type Source struct {
	Name string
	// Lister is nil for a source that cannot be listed.
	Lister ports.UserLister
	// SecondFactors adds those of one user; nil if the listing has them, or if they
	// are not requested.
	SecondFactors func(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error)
	// Groups lists those of the source; nil where it cannot, or where they are not
	// asked for.
	Groups Groups
	// Limit limits the requests to the source, FactorLimit those for second factors,
	// and GroupLimit those for groups.
	Limit, FactorLimit, GroupLimit Waiter
}

// Destination lists the destination.
type Destination interface {
	Slices() []string
	DestinationPages(ctx context.Context, request ports.ListRequest) iter.Seq2[listing.DestinationPage, error]
}

// Scanner lists both sides into a state.
type Scanner struct {
	State       *reportstate.State
	Sources     []Source
	Destination Destination
	// DestinationLimit limits the requests to the destination.
	DestinationLimit Waiter
	// DestinationGroups lists those of the destination, and GroupLimit limits that.
	DestinationGroups Groups
	GroupLimit        Waiter
	// GroupMap names the destination's groups; where it is empty, they have the same
	// names.
	GroupMap domain.GroupMap
	Rules    domain.Rules
	Pool     listing.Facts
	// Digests is the key of the digests that are kept instead of identifiers;
	// empty to keep identifiers.
	Digests domain.Secret
	// Progress gets the number of users in a page.
	Progress func(users int)
	// Pause waits between two attempts of one page; tests replace it.
	Pause func(ctx context.Context, time time.Duration) error
}

// Parts lists the slices of all sides.
func (s *Scanner) Parts() []ports.ReportPart {
	var parts []ports.ReportPart
	for _, slice := range s.Destination.Slices() {
		parts = append(parts, ports.ReportPart{Source: destination, Slice: slice})
	}
	for i, source := range s.Sources {
		if source.Lister == nil {
			continue
		}
		for _, slice := range source.Lister.Slices() {
			parts = append(parts, ports.ReportPart{Source: i, Slice: slice})
		}
	}
	return parts
}

// destination stands for the destination instead of a source.
const destination = -1

// The attempts at one page, and the pauses between them.
const (
	maxAttempts = 8
	firstPause  = 500 * time.Millisecond
	mostPause   = 30 * time.Second
)

// Errors of a scan, matched by errors.Is. What was listed is kept, and the next scan
// continues.
var (
	// ErrNoDestination: the destination could not be listed. Without it, every user
	// would seem to remain.
	ErrNoDestination = errors.New("the destination could not be listed, so there is nothing to compare")
	// ErrGaveUp: a page was throttled, or had no answer, at each attempt.
	ErrGaveUp = fmt.Errorf("gave up after %d attempts at one page in about a minute; wait or lower --rate, then run the same command again, which continues", maxAttempts)
)

// Scan lists what the state does not have yet. An error of one side does not keep
// the others from being listed; the error joins all of them.
func (s *Scanner) Scan(ctx context.Context) error {
	parts, err := s.State.Parts(ctx)
	if err != nil {
		return err
	}
	pages := make(chan reportstate.Page, 64)
	writeContext, stop := context.WithCancel(ctx)
	defer stop()
	written := make(chan error, 1)
	go func() { //nolint:contextcheck // what was listed when the context ends is still written
		err := s.write(pages)
		if err != nil {
			stop() // nothing that is listed from now on could be kept
			for range pages {
			}
		}
		written <- err
	}()
	var (
		mu     sync.Mutex
		faults = make(map[int]error)
	)
	var group errgroup.Group
	for _, part := range parts {
		group.Go(func() error {
			if err := s.list(writeContext, part, pages); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if faults[part.Source] == nil || errors.Is(faults[part.Source], context.Canceled) {
					faults[part.Source] = fmt.Errorf("%s: %w", s.nameOf(part.Source), err)
				}
			}
			return nil
		})
	}
	_ = group.Wait() // the faults are kept by side
	close(pages)
	if err := <-written; err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := faults[destination]; err != nil {
		if errors.Is(err, ErrGaveUp) {
			return errors.Join(ErrNoDestination, err)
		}
		return fmt.Errorf("%w; check --destination-pool, the region, and that your credentials may call cognito-idp:ListUsers on it\n%w", ErrNoDestination, err)
	}
	var all []error
	for source := range s.Sources {
		all = append(all, faults[source])
	}
	return errors.Join(all...)
}

func (s *Scanner) nameOf(source int) string {
	if source == destination {
		return "destination"
	}
	return s.Sources[source].Name
}

// batch is how many users are written in one transaction, at most.
const batch = 5000

// writeAtLeast is how often what was listed is written, so that little is lost where
// the tool is killed.
const writeAtLeast = 500 * time.Millisecond

// write keeps pages until there are no more. What is listed when the context ends
// is still written.
func (s *Scanner) write(pages <-chan reportstate.Page) error {
	ctx := context.Background()
	var some []reportstate.Page
	users := 0
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		err := s.State.Add(ctx, some)
		if err == nil && s.Progress != nil {
			s.Progress(users)
		}
		some, users = some[:0], 0
		return err
	}
	tick := time.NewTicker(writeAtLeast)
	defer tick.Stop()
	for {
		select {
		case page, more := <-pages:
			if !more {
				return flush()
			}
			some, users = append(some, page), users+len(page.Users)+len(page.Destination)
			if users < batch {
				continue
			}
		case <-tick.C:
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// list lists one slice to its end, and tries again what can be tried again.
func (s *Scanner) list(ctx context.Context, part ports.ReportPart, to chan<- reportstate.Page) error {
	anew := false
	return s.retry(ctx, func() (bool, error) {
		listed, err := s.listOnce(ctx, &part, anew, to)
		anew = anew && !listed
		if errors.Is(err, listing.ErrPosition) && part.Position != "" {
			part.Position, anew = "", true
			listed, err = s.listOnce(ctx, &part, anew, to)
			anew = !listed
		}
		return listed, err
	})
}

// retry calls list until it ends, with pauses where it was throttled or had no
// answer. List reports whether a page came, which resets the count of attempts.
func (s *Scanner) retry(ctx context.Context, list func() (bool, error)) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		came, err := list()
		if came {
			attempt, pause = 1, firstPause
		}
		if !errors.Is(err, ports.ErrThrottled) && !errors.Is(err, ports.ErrUnreachable) {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("%w: %w", ErrGaveUp, err)
		}
		if err := s.pause(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, mostPause)
	}
}

func (s *Scanner) pause(ctx context.Context, pause time.Duration) error {
	if s.Pause != nil {
		return s.Pause(ctx, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// listOnce lists from the part's position on, which it moves. It reports whether a
// page came. Anew says that the slice was listed before, from the beginning.
func (s *Scanner) listOnce(ctx context.Context, part *ports.ReportPart, anew bool, to chan<- reportstate.Page) (bool, error) {
	listed := false
	send := func(page reportstate.Page, next string, resumes bool) error {
		page.Anew = !listed && (anew || !resumes) // without positions, it may have been listed before
		listed = true
		if resumes {
			part.Position, part.Done = next, next == ""
		}
		page.Part = *part
		select {
		case to <- page:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	request := ports.ListRequest{Slice: part.Slice, Position: part.Position}
	if part.Source == destination {
		request.Wait = s.DestinationLimit.Wait
		for page, err := range s.Destination.DestinationPages(ctx, request) {
			if err != nil {
				return listed, err
			}
			if err := send(reportstate.Page{Destination: s.destinationUsers(page.Users)}, page.Next, true); err != nil {
				return listed, err
			}
		}
		return listed, nil
	}
	source := s.Sources[part.Source]
	request.Wait = source.Limit.Wait
	resumes := len(source.Lister.Slices()) > 1 // a source with positions is one with slices
	for page, err := range source.Lister.Pages(ctx, request) {
		if err != nil {
			return listed, err
		}
		users, err := s.sourceUsers(ctx, part.Source, page.Users)
		if err != nil {
			return listed, err
		}
		if err := send(reportstate.Page{Users: users}, page.Next, resumes); err != nil {
			return listed, err
		}
	}
	if !resumes {
		part.Done = true
		return true, send(reportstate.Page{}, "", false)
	}
	return listed, nil
}

func (s *Scanner) destinationUsers(users []domain.DestinationUser) []ports.ReportedDestination {
	kept := make([]ports.ReportedDestination, len(users))
	for i, user := range users {
		kept[i] = ports.ReportedDestination{
			Username: s.identifier(user.Username), Sub: s.identifier(user.Attributes["sub"]),
			Keys:   s.keys(domain.DestinationKeys(s.Rules, user, s.Pool.CaseSensitive)),
			Status: user.Status, Enabled: user.Enabled, CreatedAt: user.CreatedAt,
		}
	}
	return kept
}

func (s *Scanner) sourceUsers(ctx context.Context, source int, users []domain.SourceUser) ([]ports.ReportedUser, error) {
	kept := make([]ports.ReportedUser, len(users))
	for i, user := range users {
		if read := s.Sources[source].SecondFactors; read != nil {
			if err := s.Sources[source].FactorLimit.Wait(ctx); err != nil {
				return nil, err
			}
			var err error
			if user, err = read(ctx, user); err != nil {
				return nil, err
			}
		}
		user = user.Mapped(s.Rules)
		forecast, candidate := domain.ForecastOf(s.Rules, user)
		if !s.Digests.Empty() {
			candidate = domain.ImportCandidate{}
		}
		kept[i] = ports.ReportedUser{
			Source: source, Username: s.identifier(user.Username), Sub: s.identifier(user.Sub),
			Keys:   s.keys(domain.SourceKeys(s.Rules, user, s.Pool.CaseSensitive)),
			Status: user.Status, Enabled: user.Enabled, Forecast: forecast,
			Candidate: candidate, LastSignIn: user.LastSignIn(),
		}
	}
	return kept, nil
}

// identifier is an identifier as it is kept.
func (s *Scanner) identifier(text string) string {
	if s.Digests.Empty() || text == "" {
		return text
	}
	mac := hmac.New(sha256.New, []byte(s.Digests.Reveal()))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (s *Scanner) keys(k domain.JoinKeys) domain.JoinKeys {
	if s.Digests.Empty() {
		return k
	}
	for _, key := range []*string{&k.Sub, &k.Name, &k.Email, &k.Phone, &k.UnverifiedEmail, &k.UnverifiedPhone} {
		*key = s.identifier(*key)
	}
	return k
}

// Join compares both sides, once everything is listed.
func (s *Scanner) Join(ctx context.Context) error {
	if err := s.State.Index(ctx); err != nil {
		return err
	}
	var some []reportstate.Standing
	flush := func(least int) error {
		if len(some) < least || len(some) == 0 {
			return nil
		}
		err := s.State.SetStandings(ctx, some)
		some = some[:0]
		return err
	}
	for one, err := range s.State.Candidates(ctx) {
		if err != nil {
			return err
		}
		joined := domain.Join(one.Source, one.Keys)
		if joined.Standing == domain.StandingRemaining {
			continue
		}
		standing := reportstate.Standing{ID: one.ID, Joined: joined}
		if joined.Index >= 0 {
			standing.Destination = one.Destinations[joined.Index]
		}
		some = append(some, standing)
		if err := flush(batch); err != nil {
			return err
		}
	}
	if err := flush(0); err != nil {
		return err
	}
	for claims, err := range s.State.Contested(ctx) {
		if err != nil {
			return err
		}
		evidence := make([]domain.Evidence, len(claims))
		for i, claim := range claims {
			evidence[i] = claim.Evidence
		}
		winner := domain.Contest(evidence)
		for i, claim := range claims {
			if i != winner {
				some = append(some, reportstate.Standing{ID: claim.ID, Joined: domain.Joined{Standing: domain.StandingConflict, Cause: domain.ConflictClaimed, Index: -1}})
			}
		}
	}
	if err := flush(0); err != nil {
		return err
	}
	return s.share(ctx)
}

// share finds the users who remain and would become one with another user.
func (s *Scanner) share(ctx context.Context) error {
	type rule struct {
		key     reportstate.Key
		earlier bool
		reason  domain.Reason
	}
	rules := []rule{{reportstate.KeyName, false, domain.ReasonUsernameShared}}
	if s.Pool.SignsInByEmail {
		rules = append(rules, rule{reportstate.KeyEmail, false, domain.ReasonContactShared})
	}
	if s.Pool.SignsInByPhone {
		rules = append(rules, rule{reportstate.KeyPhone, false, domain.ReasonContactShared})
	}
	if len(s.Sources) > 1 {
		for _, key := range []reportstate.Key{reportstate.KeyName, reportstate.KeyEmail, reportstate.KeyPhone} {
			rules = append(rules, rule{key, true, domain.ReasonIdentityOfEarlierSource})
		}
	}
	for _, rule := range rules {
		var users []ports.ReportedUser
		flush := func(least int) error {
			if len(users) < least || len(users) == 0 {
				return nil
			}
			err := s.State.SetForecasts(ctx, users)
			users = users[:0]
			return err
		}
		for user, err := range s.State.Shared(ctx, rule.key, rule.earlier) {
			if err != nil {
				return err
			}
			user.Forecast = user.Forecast.WithShared(rule.reason)
			users = append(users, user)
			if err := flush(batch); err != nil {
				return err
			}
		}
		if err := flush(0); err != nil {
			return err
		}
	}
	return nil
}

// plainPages is how many pages of a plain listing are compared with the slices.
const plainPages = 5

// Missing compares the first pages of a plain listing of a source pool with its
// slices. It returns how many users are in no slice. It is called after Join.
func (s *Scanner) Missing(ctx context.Context, source int, lister ports.UserLister) (int, error) {
	missing, pages, position := 0, 0, ""
	err := s.retry(ctx, func() (bool, error) {
		came := false
		for page, err := range lister.Pages(ctx, ports.ListRequest{Position: position, Wait: s.Sources[source].Limit.Wait}) {
			if err != nil {
				return came, err
			}
			more, err := s.absent(ctx, source, page.Users)
			if err != nil {
				return came, err
			}
			came, position, missing = true, page.Next, missing+more
			if pages++; pages == plainPages {
				break
			}
		}
		return came, nil
	})
	return missing, err
}

// absent counts the users of a page who are not in the state.
func (s *Scanner) absent(ctx context.Context, source int, users []domain.SourceUser) (int, error) {
	absent := 0
	for _, user := range users {
		name := s.keys(domain.SourceKeys(s.Rules, user, s.Pool.CaseSensitive)).Name
		there, err := s.State.Has(ctx, source, name, s.identifier(user.Username))
		if err != nil {
			return 0, err
		}
		if !there {
			absent++
		}
	}
	return absent, nil
}
