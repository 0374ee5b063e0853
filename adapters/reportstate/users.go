package reportstate

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Parts returns the slices that are not finished.
func (s *State) Parts(ctx context.Context) ([]ports.ReportPart, error) {
	var parts []ports.ReportPart
	err := s.each(ctx, "SELECT source, slice, position FROM part WHERE done = 0 ORDER BY source, slice", func(rows *sql.Rows) error {
		var part ports.ReportPart
		err := rows.Scan(&part.Source, &part.Slice, &part.Position)
		parts = append(parts, part)
		return err
	})
	return parts, err
}

// Page has some listed users of one slice.
type Page struct {
	// Part is the slice, with the position after the page.
	Part        ports.ReportPart
	Users       []ports.ReportedUser
	Destination []ports.ReportedDestination
	// Anew is true for the first page of a slice that is listed again from the
	// beginning. Add then removes the slice's earlier users.
	Anew bool
}

// Add stores pages and their positions in one transaction.
func (s *State) Add(ctx context.Context, pages []Page) error {
	ctx = context.WithoutCancel(ctx) // the driver starts a goroutine per call to watch a context
	return s.writeUsers(ctx, func(tx *sql.Tx) error {
		source, err := tx.PrepareContext(ctx, "INSERT INTO listed_user VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		destination, err := tx.PrepareContext(ctx, "INSERT INTO destination_user VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		for _, page := range pages {
			if page.Anew {
				if err := remove(ctx, tx, page.Part); err != nil {
					return err
				}
			}
			for i := range page.Users {
				user := &page.Users[i]
				outcome, err := s.outcomeOf(ctx, tx, outcome{user.Status, user.Enabled, user.Forecast})
				if err != nil {
					return err
				}
				k := s.keys.all(user.Keys)
				if _, err := source.ExecContext(ctx, user.Source, page.Part.Slice, user.Username, user.Sub, k[0], k[1], k[2], k[3], k[4], k[5],
					outcome, unix(user.LastSignIn), encode(user.Candidate)); err != nil {
					return err
				}
			}
			for i := range page.Destination {
				user := &page.Destination[i]
				k := s.keys.all(user.Keys)
				if _, err := destination.ExecContext(ctx, page.Part.Slice, user.Username, user.Sub, k[0], k[1], k[2], k[3], k[4], k[5],
					string(user.Status), user.Enabled, unix(user.CreatedAt)); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, "UPDATE part SET position = ?, done = ? WHERE source = ? AND slice = ?",
				page.Part.Position, page.Part.Done, page.Part.Source, page.Part.Slice); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove removes the users of a slice.
func remove(ctx context.Context, tx *sql.Tx, part ports.ReportPart) error {
	statement, arguments := "DELETE FROM listed_user WHERE slice = ? AND source = ?", []any{part.Slice, part.Source}
	if part.Source < 0 {
		statement, arguments = "DELETE FROM destination_user WHERE slice = ?", arguments[:1]
	}
	_, err := tx.ExecContext(ctx, statement, arguments...)
	return err
}

func unix(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Index prepares the join. It is called after everything is listed. A listing may
// contain a user twice, if the pool changes meanwhile. Index keeps such a user once.
func (s *State) Index(ctx context.Context) error {
	for _, key := range []string{"sub", "name", "email", "phone"} {
		for _, table := range []string{"listed_user", "destination_user"} {
			if _, err := s.db.ExecContext(ctx, "CREATE INDEX IF NOT EXISTS "+table+"_"+key+" ON "+table+" (key_"+key+") WHERE key_"+key+" IS NOT NULL"); err != nil {
				return classify(err)
			}
		}
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM listed_user AS s WHERE s.key_name IN " + twice("listed_user", "key_name") +
				" AND EXISTS (SELECT 1 FROM listed_user o WHERE o.key_name = s.key_name AND o.source = s.source AND o.username = s.username AND o.id > s.id)",
			"DELETE FROM destination_user AS d WHERE d.key_name IN " + twice("destination_user", "key_name") +
				" AND EXISTS (SELECT 1 FROM destination_user o WHERE o.key_name = d.key_name AND o.username = d.username AND o.id > d.id)",
			"DELETE FROM joined",
			"DELETE FROM candidate",
			"INSERT INTO candidate SELECT sid, did FROM (" + sharing() + ") GROUP BY sid, did",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// twice selects the keys that several users have, from the index alone.
func twice(table, key string) string {
	return "(SELECT " + key + " FROM " + table + " WHERE " + key + " IS NOT NULL GROUP BY " + key + " HAVING count(*) > 1)"
}

// sharing selects the source users and destination users who share a key.
func sharing() string {
	var selects []string
	for _, key := range []string{"sub", "name", "email", "phone"} {
		selects = append(selects, "SELECT s.id AS sid, d.id AS did FROM listed_user s JOIN destination_user d ON d.key_"+key+" = s.key_"+key+" WHERE s.key_"+key+" IS NOT NULL AND d.key_"+key+" IS NOT NULL")
	}
	return strings.Join(selects, " UNION ALL ")
}

const (
	sourceKeys      = "s.key_sub, s.key_name, s.key_email, s.key_phone, s.other_email, s.other_phone"
	destinationKeys = "d.key_sub, d.key_name, d.key_email, d.key_phone, d.other_email, d.other_phone"
)

// Candidates are a source user and the destination users who share a key.
type Candidates struct {
	ID           int64
	Source       domain.JoinKeys
	Destinations []JoinedUser
	Keys         []domain.JoinKeys
}

// JoinedUser has what the join needs of a destination user.
type JoinedUser struct {
	ID     int64 // zero for none
	Status domain.UserStatus
	// Day is the day on which the user was created, in seconds since 1970.
	Day int64
}

// errStop ends a query early.
var errStop = errors.New("stop")

// Candidates streams the source users who share a key with a destination user.
func (s *State) Candidates(ctx context.Context) iter.Seq2[Candidates, error] {
	query := "SELECT p.source_user, p.destination_user, d.status, d.created_at / 86400 * 86400, " + sourceKeys + ", " + destinationKeys +
		" FROM candidate p JOIN listed_user s ON s.id = p.source_user JOIN destination_user d ON d.id = p.destination_user ORDER BY p.source_user, p.destination_user"
	return func(yield func(Candidates, error) bool) {
		var one Candidates
		var source int64
		var destination JoinedUser
		var left, right keyRow
		targets := append(append([]any{&source, &destination.ID, &destination.Status, &destination.Day}, left.targets()...), right.targets()...)
		err := s.each(ctx, query, func(rows *sql.Rows) error {
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			if source != one.ID {
				if one.ID != 0 && !yield(one, nil) {
					return errStop
				}
				one = Candidates{ID: source, Source: left.keys()}
			}
			one.Destinations, one.Keys = append(one.Destinations, destination), append(one.Keys, right.keys())
			return nil
		})
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(Candidates{}, err)
		case one.ID != 0:
			yield(one, nil)
		}
	}
}

// Standing is the result of the join for a source user.
type Standing struct {
	ID          int64
	Joined      domain.Joined
	Destination JoinedUser
}

// SetStandings stores standings.
func (s *State) SetStandings(ctx context.Context, standings []Standing) error {
	ctx = context.WithoutCancel(ctx) // the driver starts a goroutine per call to watch a context
	return s.write(ctx, func(tx *sql.Tx) error {
		statement, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO joined VALUES (?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		for _, one := range standings {
			if _, err := statement.ExecContext(ctx, one.ID, string(one.Joined.Standing), string(one.Joined.Cause), int(one.Joined.Evidence),
				sql.NullInt64{Int64: one.Destination.ID, Valid: one.Destination.ID != 0}, string(one.Destination.Status), one.Destination.Day); err != nil {
				return err
			}
		}
		return nil
	})
}

// Claim is a source user's claim to a destination user.
type Claim struct {
	ID       int64
	Source   int
	Evidence domain.Evidence
}

// Contested streams the claims to each destination user whom several source users
// match.
func (s *State) Contested(ctx context.Context) iter.Seq2[[]Claim, error] {
	return func(yield func([]Claim, error) bool) {
		var claims []Claim
		of := int64(0)
		err := s.each(ctx, `SELECT j.destination_user, j.user, l.source, j.evidence FROM joined j JOIN listed_user l ON l.id = j.user WHERE j.destination_user IN
			(SELECT destination_user FROM joined WHERE destination_user IS NOT NULL GROUP BY destination_user HAVING count(*) > 1)
			ORDER BY j.destination_user, l.source, j.user`, func(rows *sql.Rows) error {
			var claim Claim
			var destination int64
			if err := rows.Scan(&destination, &claim.ID, &claim.Source, &claim.Evidence); err != nil {
				return err
			}
			if destination != of && len(claims) > 0 {
				if !yield(claims, nil) {
					return errStop
				}
				claims = nil
			}
			of, claims = destination, append(claims, claim)
			return nil
		})
		switch {
		case errors.Is(err, errStop):
		case err != nil:
			yield(nil, err)
		case len(claims) > 0:
			yield(claims, nil)
		}
	}
}

// Key is a kind of key that several users can share.
type Key string

// The kinds of keys.
const (
	KeyName  Key = "key_name"
	KeyEmail Key = "key_email"
	KeyPhone Key = "key_phone"
)

const forecastColumns = "o.sign_in, o.sign_in_reason, o.forgot_password, o.forgot_password_reason, o.import, o.import_reason"

func forecastTargets(f *domain.Forecast) []any {
	return []any{&f.SignIn.Possible, &f.SignIn.Reason, &f.ForgotPassword.Possible, &f.ForgotPassword.Reason, &f.Import.Possible, &f.Import.Reason}
}

// Shared returns the remaining users who share a key: with another remaining user
// of the same source, or with any user of an earlier source.
func (s *State) Shared(ctx context.Context, key Key, earlier bool) iter.Seq2[ports.ReportedUser, error] {
	of := "o." + string(key) + " = s." + string(key)
	condition := "EXISTS (SELECT 1 FROM listed_user o WHERE " + of + " AND o.source = s.source AND o.id <> s.id AND NOT EXISTS (SELECT 1 FROM joined j WHERE j.user = o.id))"
	if earlier {
		condition = "EXISTS (SELECT 1 FROM listed_user o WHERE " + of + " AND o.source < s.source)"
	}
	condition = "s." + string(key) + " IN " + twice("listed_user", string(key)) + " AND " + condition
	query := "SELECT s.id, o.status, o.enabled, " + forecastColumns + " FROM listed_user s JOIN outcome o ON o.id = s.outcome WHERE NOT EXISTS (SELECT 1 FROM joined j WHERE j.user = s.id) AND " + condition
	return s.users(ctx, query, func(rows *sql.Rows, user *ports.ReportedUser) error {
		return rows.Scan(append([]any{&user.ID, &user.Status, &user.Enabled}, forecastTargets(&user.Forecast)...)...)
	})
}

// users streams the users of a query.
func (s *State) users(ctx context.Context, query string, scan func(*sql.Rows, *ports.ReportedUser) error, arguments ...any) iter.Seq2[ports.ReportedUser, error] {
	return func(yield func(ports.ReportedUser, error) bool) {
		err := s.each(ctx, query, func(rows *sql.Rows) error {
			var user ports.ReportedUser
			if err := scan(rows, &user); err != nil {
				return err
			}
			if !yield(user, nil) {
				return errStop
			}
			return nil
		}, arguments...)
		if err != nil && !errors.Is(err, errStop) {
			yield(ports.ReportedUser{}, err)
		}
	}
}

// SetForecasts stores the forecasts of users.
func (s *State) SetForecasts(ctx context.Context, users []ports.ReportedUser) error {
	ctx = context.WithoutCancel(ctx) // see Add
	return s.writeUsers(ctx, func(tx *sql.Tx) error {
		statement, err := tx.PrepareContext(ctx, "UPDATE listed_user SET outcome = ? WHERE id = ?")
		if err != nil {
			return err
		}
		for _, user := range users {
			outcome, err := s.outcomeOf(ctx, tx, outcome{user.Status, user.Enabled, user.Forecast})
			if err != nil {
				return err
			}
			if _, err := statement.ExecContext(ctx, outcome, user.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rows counts similar source users. names are the names of the sources.
func (s *State) Rows(ctx context.Context, names []string) ([]domain.ReportRow, error) {
	outcomes, err := s.readOutcomes(ctx)
	if err != nil {
		return nil, err
	}
	var all []domain.ReportRow
	err = s.each(ctx, `SELECT l.source, l.outcome, coalesce(j.standing, 'remaining'), coalesce(j.cause, ''), coalesce(j.destination_status, ''), coalesce(j.destination_day, 0), count(*)
		FROM listed_user l LEFT JOIN joined j ON j.user = l.id GROUP BY l.source, l.outcome, j.standing, j.cause, j.destination_status, j.destination_day`, func(rows *sql.Rows) error {
		var row domain.ReportRow
		var source int
		var of, day int64
		if err := rows.Scan(&source, &of, &row.Standing, &row.Cause, &row.DestinationStatus, &day, &row.Users); err != nil {
			return err
		}
		alike := outcomes[of]
		row.Source, row.Status, row.Enabled, row.Forecast, row.MovedAt = names[source], alike.status, alike.enabled, alike.forecast, timeOf(day)
		all = append(all, row)
		return nil
	})
	return all, err
}

// DestinationTotals are the destination's users.
type DestinationTotals struct {
	Users    int
	ByStatus map[domain.UserStatus]int
	// Newcomers are the users whom no source user matches.
	Newcomers int
}

// DestinationTotals counts the destination's users.
func (s *State) DestinationTotals(ctx context.Context) (DestinationTotals, error) {
	totals := DestinationTotals{ByStatus: make(map[domain.UserStatus]int)}
	err := s.each(ctx, "SELECT status, count(*) FROM destination_user GROUP BY status", func(rows *sql.Rows) error {
		var status domain.UserStatus
		var users int
		err := rows.Scan(&status, &users)
		totals.ByStatus[status] = users
		totals.Users += users
		return err
	})
	if err != nil {
		return totals, err
	}
	// Users with whom a source user is in conflict are known to a source by a key.
	known := 0
	err = s.each(ctx, "SELECT count(DISTINCT destination_user) FROM candidate", func(rows *sql.Rows) error { return rows.Scan(&known) })
	totals.Newcomers = totals.Users - known
	return totals, err
}

// Users streams the source users of one standing, each with the destination user.
func (s *State) Users(ctx context.Context, standing domain.Standing) iter.Seq2[ports.ReportedUser, error] {
	query := "SELECT o.source, o.username, o.sub, o.status, o.enabled, o.cause, " + forecastColumns + `,
		coalesce(d.username, ''), coalesce(d.sub, ''), coalesce(d.created_at, 0)
		FROM source_user o LEFT JOIN destination_user d ON d.id = o.destination_user
		WHERE o.standing = ? ORDER BY o.source, o.username`
	return s.users(ctx, query, func(rows *sql.Rows, user *ports.ReportedUser) error {
		var created int64
		user.Joined.Standing = standing
		targets := append([]any{&user.Source, &user.Username, &user.Sub, &user.Status, &user.Enabled, &user.Joined.Cause}, forecastTargets(&user.Forecast)...)
		err := rows.Scan(append(targets, &user.Destination.Username, &user.Destination.Sub, &created)...)
		user.Destination.CreatedAt = timeOf(created)
		return err
	}, string(standing))
}

// Has reports whether the state has a source user with this key of the name and this
// name. It is called after Index.
func (s *State) Has(ctx context.Context, source int, keyName, username string) (bool, error) {
	return s.exists(ctx, "SELECT 1 FROM listed_user WHERE key_name = ? AND source = ? AND username = ?", s.keys.of(keyName), source, username)
}
