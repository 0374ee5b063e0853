package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The IDs of the two pools.
const (
	sourcePool      = "us-east-1_BigSource"
	destinationPool = "us-east-1_BigDestination"
)

// pools stands for Cognito with a source and a destination of so many users each.
// Some pages are short or empty though more follow, and some requests are throttled.
type pools struct {
	users int
	// throttle and odd say that one of so many requests is throttled, and that one
	// of so many pages is empty, and another one short.
	throttle, odd int64
	requests      atomic.Int64
	throttled     atomic.Int64
	// estimated is how many users DescribeUserPool estimates; zero for their number.
	estimated int
	// stopAt is the request at which stop is called; zero for never.
	stopAt atomic.Int64
	stop   atomic.Pointer[func()]
	// deny are error codes that requests to list a pool are answered with.
	deny atomic.Pointer[map[string]string]

	mu sync.Mutex
	// slices are the requests for slices by pool.
	slices map[string]*arrivals
}

// arrivals are the requests to one pool.
type arrivals struct {
	count       int
	first, last time.Time
}

// perSecond is the mean rate.
func (a arrivals) perSecond() float64 {
	return float64(a.count-1) / a.last.Sub(a.first).Seconds()
}

// ServeHTTP implements [http.Handler].
func (p *pools) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ UserPoolId, PaginationToken, Filter string } //nolint:revive // the API's own name
	_ = json.NewDecoder(r.Body).Decode(&in)                     // what is not there stays empty
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeUserPool") {
		estimated := p.users
		if p.estimated > 0 {
			estimated = p.estimated
		}
		_, _ = w.Write([]byte(`{"UserPool":{"Id":"` + in.UserPoolId + `","Name":"big","EstimatedNumberOfUsers":` + strconv.Itoa(estimated) + `}}`))
		return
	}
	if deny := p.deny.Load(); deny != nil && (*deny)[in.UserPoolId] != "" {
		code := (*deny)[in.UserPoolId]
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"` + code + `","message":"no"}`))
		return
	}
	count := p.requests.Add(1)
	if in.Filter != "" {
		p.note(in.UserPoolId)
	}
	if count == p.stopAt.Load() {
		(*p.stop.Load())()
	}
	if count%p.throttle == 0 {
		p.throttled.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"TooManyRequestsException","message":"Too many requests"}`))
		return
	}
	size := 60
	switch count % p.odd {
	case 0:
		size = 0
	case p.odd / 2:
		size = 13
	}
	_, _ = w.Write(p.page(in.UserPoolId == destinationPool, in.Filter, in.PaginationToken, size, count))
}

func (p *pools) note(pool string) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slices == nil {
		p.slices = make(map[string]*arrivals)
	}
	if p.slices[pool] == nil {
		p.slices[pool] = &arrivals{first: now}
	}
	p.slices[pool].count, p.slices[pool].last = p.slices[pool].count+1, now
}

// page writes a page. The sub of user i begins with the hexadecimal digit i%16. Each
// token is another one, as boto3 expects, and begins with the position.
func (p *pools) page(destination bool, filter, token string, size int, count int64) []byte {
	first, step := 0, 1
	if digit := strings.TrimSuffix(strings.TrimPrefix(filter, `sub ^= "`), `"`); digit != "" {
		value, _ := strconv.ParseInt(digit, 16, 64) // the tool asks for digits alone
		first, step = int(value), 16
	}
	before, _, _ := strings.Cut(token, "-")
	position, _ := strconv.Atoi(before)
	var b bytes.Buffer
	b.Grow(size*500 + 100)
	b.WriteString(`{"Users":[`)
	for i := range size {
		at := first + (position+i)*step
		if at >= p.users {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		writeUser(&b, at, destination)
	}
	b.WriteByte(']')
	if first+(position+size)*step < p.users {
		b.WriteString(`,"PaginationToken":"` + strconv.Itoa(position+size) + "-" + strconv.FormatInt(count, 10) + `"`)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// kind says what the user i is.
type kind int

const (
	isMoved kind = iota
	isMovedWithReset
	isPlain
	isDisabled
	isUnverified
	isConflict
)

// kindOf mixes the kinds: half of the users have moved.
func kindOf(i int) kind {
	switch part := i / 16 % 50; {
	case part < 24:
		return isMoved
	case part == 24:
		return isMovedWithReset
	case part < 47:
		return isPlain
	case part == 47:
		return isDisabled
	case part == 48:
		return isUnverified
	default:
		return isConflict
	}
}

// oldest is when the first user of the destination was created.
var oldest = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC).Unix() //nolint:gochecknoglobals // a constant

// writeUser writes the user i. The destination has those who moved, a namesake of
// each user in conflict, and a newcomer for each of the others.
func writeUser(b *bytes.Buffer, i int, destination bool) {
	digits := strconv.FormatInt(int64(i/16)+0x10000000, 16)[1:]
	id := strconv.Itoa(i)
	of := kindOf(i)
	sub, name, legacy, status := "0123456789abcdef"[i%16:i%16+1]+digits+"-0000-4000-8000-000000000000", "user-"+id, "", "CONFIRMED"
	email := name + "@example.com"
	if destination {
		switch of { //nolint:exhaustive // the others are newcomers
		case isMoved, isMovedWithReset:
			legacy = sub
		case isConflict:
			legacy = "another-" + id
		default:
			name, email = "newcomer-"+id, "newcomer-"+id+"@example.com"
		}
		if of == isMovedWithReset {
			status = "RESET_REQUIRED"
		}
		sub = sub[:len(sub)-1] + "1"
	}
	b.WriteString(`{"Username":"` + name + `","UserStatus":"` + status + `","Enabled":`)
	b.WriteString(strconv.FormatBool(of != isDisabled || destination))
	b.WriteString(`,"UserCreateDate":` + strconv.FormatInt(oldest+int64(i%7_000_000), 10) + `.123,"UserLastModifiedDate":1795000000.5,"Attributes":[{"Name":"sub","Value":"` + sub)
	b.WriteString(`"},{"Name":"email","Value":"` + email + `"},{"Name":"email_verified","Value":"`)
	b.WriteString(strconv.FormatBool(of != isUnverified || destination))
	b.WriteString(`"},{"Name":"name","Value":"User ` + id + `"}`)
	if legacy != "" {
		b.WriteString(`,{"Name":"custom:legacy_sub","Value":"` + legacy + `"}`)
	}
	b.WriteString(`]}`)
}

// totals are the numbers that a join of both pools gives.
type totals struct {
	Source, Destination, Newcomers                     int
	Moved, Confirmed, ResetRequired                    int
	Remaining, Migrate, Disabled, Unverified, Conflict int
}

// expected counts what writeUser writes.
func expected(users int) totals {
	want := totals{Source: users, Destination: users}
	for i := range users {
		switch kindOf(i) {
		case isMoved:
			want.Moved, want.Confirmed = want.Moved+1, want.Confirmed+1
		case isMovedWithReset:
			want.Moved, want.ResetRequired = want.Moved+1, want.ResetRequired+1
		case isPlain:
			want.Remaining, want.Migrate = want.Remaining+1, want.Migrate+1
		case isDisabled:
			want.Remaining, want.Disabled = want.Remaining+1, want.Disabled+1
		case isUnverified:
			want.Remaining, want.Migrate, want.Unverified = want.Remaining+1, want.Migrate+1, want.Unverified+1
		case isConflict:
			want.Conflict++
		}
	}
	want.Newcomers = want.Remaining
	return want
}
