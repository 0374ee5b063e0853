package reportstate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"

	"cognito-user-migration/domain"
)

// seedName is the name of the seed of the keys in the table meta.
const seedName = "seed"

// newSeed returns the seed of a new file.
func newSeed() string {
	seed := make([]byte, 16)
	_, _ = rand.Read(seed) // it never fails
	return hex.EncodeToString(seed)
}

// keyMaker computes the numbers that are stored instead of the texts of keys: 64 bits
// of a SHA-256. Each file has its own seed, so no user can choose a name for its number.
// Among eight million keys of a kind, two are the same by chance once in 500,000 files.
type keyMaker struct{ seed []byte }

func (s *State) keyMaker(ctx context.Context) (keyMaker, error) {
	found, err := s.meta(ctx)
	if err != nil {
		return keyMaker{}, err
	}
	seed, err := hex.DecodeString(found[seedName])
	if err != nil || len(seed) == 0 {
		return keyMaker{}, ErrDamaged
	}
	return keyMaker{seed}, nil
}

// of returns the number of a key. An empty key is null, which matches no user.
func (m keyMaker) of(text string) any {
	if text == "" {
		return nil
	}
	var space [128]byte
	sum := sha256.Sum256(append(append(space[:0], m.seed...), text...))
	return int64(binary.LittleEndian.Uint64(sum[:8])) //nolint:gosec // any 64 bits will do
}

// all returns the numbers in the order of the columns.
func (m keyMaker) all(k domain.JoinKeys) [6]any {
	return [6]any{m.of(k.Sub), m.of(k.Name), m.of(k.Email), m.of(k.Phone), m.of(k.UnverifiedEmail), m.of(k.UnverifiedPhone)}
}

// keyRow scans six columns of keys.
type keyRow [6]sql.NullInt64

func (k *keyRow) targets() []any {
	return []any{&k[0], &k[1], &k[2], &k[3], &k[4], &k[5]}
}

// keys returns texts that are the same where the keys are.
func (k *keyRow) keys() domain.JoinKeys {
	text := func(of sql.NullInt64) string {
		if !of.Valid {
			return ""
		}
		return strconv.FormatInt(of.Int64, 36)
	}
	return domain.JoinKeys{Sub: text(k[0]), Name: text(k[1]), Email: text(k[2]), Phone: text(k[3]), UnverifiedEmail: text(k[4]), UnverifiedPhone: text(k[5])}
}

// outcome is what many source users have in common.
type outcome struct {
	status   domain.UserStatus
	enabled  bool
	forecast domain.Forecast
}

// outcomeOf returns the ID of an outcome. It writes a new one.
func (s *State) outcomeOf(ctx context.Context, tx *sql.Tx, one outcome) (int64, error) {
	if id, known := s.outcomes[one]; known {
		return id, nil
	}
	if s.outcomes == nil {
		s.outcomes = make(map[outcome]int64)
	}
	f := one.forecast
	values := []any{
		string(one.status), one.enabled, f.SignIn.Possible, string(f.SignIn.Reason), f.ForgotPassword.Possible, string(f.ForgotPassword.Reason),
		f.Import.Possible, string(f.Import.Reason),
	}
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM outcome WHERE status = ? AND enabled = ? AND sign_in = ? AND sign_in_reason = ?
		AND forgot_password = ? AND forgot_password_reason = ? AND import = ? AND import_reason = ?`, values...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, "INSERT INTO outcome VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id", values...).Scan(&id)
	}
	if err == nil {
		s.outcomes[one] = id
	}
	return id, err
}

// writeUsers runs one transaction that may write outcomes.
func (s *State) writeUsers(ctx context.Context, do func(*sql.Tx) error) error {
	err := s.write(ctx, do)
	if err != nil {
		s.outcomes = nil // some may have been rolled back
	}
	return err
}

// readOutcomes reads all outcomes by their IDs.
func (s *State) readOutcomes(ctx context.Context) (map[int64]outcome, error) {
	all := make(map[int64]outcome)
	err := s.each(ctx, "SELECT o.id, o.status, o.enabled, "+forecastColumns+" FROM outcome o", func(rows *sql.Rows) error {
		var id int64
		var one outcome
		if err := rows.Scan(append([]any{&id, &one.status, &one.enabled}, forecastTargets(&one.forecast)...)...); err != nil {
			return err
		}
		all[id] = one
		return nil
	})
	return all, err
}
