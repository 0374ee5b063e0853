package reportstate

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"cognito-user-migration/domain"
)

// Errors of a state that cannot be exported, matched by errors.Is.
var (
	// ErrMissing: the file does not exist.
	ErrMissing = errors.New("there is no state file; make one with migratectl report")
	// ErrUnfinished: the last scan is not finished.
	ErrUnfinished = errors.New("the last scan is not finished; run migratectl report again")
	// ErrDigests: the file has no identifiers.
	ErrDigests = errors.New("the state file has digests instead of identifiers; scan again with migratectl report --rescan, without --digests")
)

// Finished is the last scan of a state, with the identity of its migration.
type Finished struct {
	Identity
	FinishedAt time.Time
	// Complete is true if everything was listed.
	Complete bool
	// Users is how many source users there are; no ID is above LastID.
	Users  int
	LastID int64
}

// OpenFinished opens the state of a finished scan for several concurrent readers. It
// changes nothing.
func OpenFinished(ctx context.Context, path string, readers int) (*State, Finished, error) {
	var f Finished
	if !hasContent(path) {
		return nil, f, fmt.Errorf("%s: %w", path, ErrMissing)
	}
	s, err := openFile(ctx, path, "&_pragma=cache_size(-4000)&_pragma=query_only(1)", readers+1, func(s *State, isNew bool) (err error) {
		if isNew {
			return ErrMissing
		}
		if f.Identity, err = s.identity(ctx); err != nil {
			return err
		}
		if f.Digests {
			return ErrDigests
		}
		_, scan, err := lastScan(ctx, s.db)
		if err != nil {
			return err
		}
		if scan.FinishedAt.IsZero() {
			return ErrUnfinished
		}
		f.FinishedAt, f.Complete = scan.FinishedAt, scan.Complete
		return s.db.QueryRowContext(ctx, "SELECT count(*), coalesce(max(id), 0) FROM listed_user").Scan(&f.Users, &f.LastID)
	})
	return s, f, err
}

// TailUser is a source user who has not moved, as an export reads it.
type TailUser struct {
	Source        int
	Username, Sub string
	// Reason says why no import file can contain the user; empty if one can.
	Reason domain.Reason
	// SignInReason and ForgotReason are those of the forecast.
	SignInReason, ForgotReason domain.Reason
	LastSignIn                 time.Time
	// Name and Attributes are the candidate's. Attributes has names and values in turn,
	// and is nil without a candidate.
	Name       string
	Attributes []string
	// Email and Phone are the keys of the contacts, verified or not, as
	// [State.Contacts] returns them.
	Email, Phone string
}

// Tail calls do for each source user from the first ID to the one before the last
// who has not moved, in their order. The user is valid until do returns. Contacts are
// read on request. The columns are few, because each costs as much as the rest of a
// row. Texts that are read as blobs are not parsed as times.
func (s *State) Tail(ctx context.Context, first, last int64, contacts bool, do func(*TailUser) error) error {
	outcomes, err := s.readOutcomes(ctx)
	if err != nil {
		return err
	}
	var user TailUser
	var conflict, username, sub, email, phone, candidate sql.RawBytes
	var of, signedIn int64
	targets := []any{&of, &user.Source, &conflict, &username, &sub, &signedIn, &candidate}
	query := "SELECT l.outcome, l.source, CAST(j.cause AS BLOB), CAST(l.username AS BLOB), CAST(l.sub AS BLOB), l.last_sign_in, l.import_user"
	if contacts {
		query += ", CAST(coalesce(l.key_email, l.other_email) AS BLOB), CAST(coalesce(l.key_phone, l.other_phone) AS BLOB)"
		targets = append(targets, &email, &phone)
	}
	query += " FROM listed_user l LEFT JOIN joined j ON j.user = l.id WHERE l.id >= ? AND l.id < ? AND (j.standing IS NULL OR j.standing = 'conflict') ORDER BY l.id"
	return s.each(ctx, query, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		forecast := outcomes[of].forecast
		user.SignInReason, user.ForgotReason, user.Reason = forecast.SignIn.Reason, forecast.ForgotPassword.Reason, ""
		switch {
		case conflict != nil:
			user.Reason = domain.Reason(conflict)
		case !forecast.Import.Possible:
			user.Reason = forecast.Import.Reason
		}
		user.Username, user.Sub, user.LastSignIn = string(username), string(sub), timeOf(signedIn)
		user.Email, user.Phone = string(email), string(phone)
		var err error
		user.Name, user.Attributes, err = decode(candidate, user.Attributes[:0])
		if err != nil {
			return err
		}
		return do(&user)
	}, first, last)
}

// Contacts returns the keys of contacts of one kind that several users have.
// Unverified contacts count. The users are source users who have not moved, and
// destination users.
func (s *State) Contacts(ctx context.Context, key Key) (map[string]bool, error) {
	other := map[Key]string{KeyEmail: "other_email", KeyPhone: "other_phone"}[key]
	shared := make(map[string]bool)
	err := s.each(ctx, `SELECT contact FROM (
		SELECT coalesce(`+string(key)+`, `+other+`) AS contact FROM listed_user l WHERE NOT EXISTS (SELECT 1 FROM joined j WHERE j.user = l.id AND j.standing = 'moved')
		UNION ALL SELECT coalesce(`+string(key)+`, `+other+`) FROM destination_user
		) WHERE contact IS NOT NULL GROUP BY contact HAVING count(*) > 1`, func(rows *sql.Rows) error {
		var contact string
		err := rows.Scan(&contact)
		shared[contact] = true
		return err
	})
	return shared, err
}

// TailFigures counts the users by whom the end of a migration is judged.
func (s *State) TailFigures(ctx context.Context, now time.Time) (domain.TailFigures, error) {
	var f domain.TailFigures
	err := s.db.QueryRowContext(ctx, `SELECT coalesce(sum(standing = 'remaining' AND sign_in), 0), coalesce(sum(standing = 'remaining' AND NOT sign_in AND import), 0),
		(SELECT count(*) FROM source_user s JOIN destination_user d ON d.id = s.destination_user WHERE d.created_at >= ?) FROM source_user`,
		now.AddDate(0, 0, -30).Unix()).Scan(&f.CanSignIn, &f.ShutOut, &f.Last30Days)
	return f, classify(err)
}

// Importable counts the users whom an import file could contain, and how many of them
// keep their password. With vouched, users who only lack a verified contact count too.
// keeps is nil if no user keeps the password.
func (s *State) Importable(ctx context.Context, vouched bool, keeps func(source int, username string) bool) (users, kept int, err error) {
	const condition = " FROM source_user WHERE standing = 'remaining' AND (import OR (? AND import_user IS NOT NULL AND import_reason = 'no_verified_contact'))"
	if keeps == nil {
		err = s.db.QueryRowContext(ctx, "SELECT count(*)"+condition, vouched).Scan(&users)
		return users, 0, classify(err)
	}
	err = s.each(ctx, "SELECT source, username"+condition, func(rows *sql.Rows) error {
		var source int
		var username string
		err := rows.Scan(&source, &username)
		users++
		if keeps(source, username) {
			kept++
		}
		return err
	}, vouched)
	return users, kept, err
}

// errCandidate is the error of a candidate that cannot be read.
var errCandidate = fmt.Errorf("a user cannot be read: %w", ErrDamaged)

// encode writes a candidate: the name, then names and values in turn. The length
// precedes each. It returns nil without a candidate.
func encode(candidate domain.ImportCandidate) []byte {
	if candidate.Attributes == nil {
		return nil
	}
	var space [32]string
	names := space[:0]
	size := 2 + len(candidate.Username)
	for name, value := range candidate.Attributes {
		names = append(names, name)
		size += 4 + len(name) + len(value)
	}
	slices.Sort(names)
	text := make([]byte, 0, size)
	text = append(binary.AppendUvarint(text, uint64(len(candidate.Username))), candidate.Username...)
	for _, name := range names {
		value := candidate.Attributes[name]
		text = append(binary.AppendUvarint(text, uint64(len(name))), name...)
		text = append(binary.AppendUvarint(text, uint64(len(value))), value...)
	}
	return text
}

// decode reads what encode wrote, and appends the attributes. They are nil without a
// candidate.
func decode(text []byte, to []string) (name string, attributes []string, err error) {
	if len(text) == 0 {
		return "", nil, nil
	}
	all := string(text) // one copy for all parts
	next := func() string {
		size, read := binary.Uvarint(text)
		if read <= 0 || size > uint64(len(text[read:])) {
			err = errCandidate
			return ""
		}
		part := all[len(all)-len(text)+read:][:size]
		text = text[read+len(part):]
		return part
	}
	name = next()
	if to == nil {
		to = []string{}
	}
	for len(text) > 0 && err == nil {
		to = append(to, next())
	}
	if err == nil && len(to)%2 != 0 {
		err = errCandidate
	}
	return name, to, err
}
