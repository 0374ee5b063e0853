// Package stub is the source account of the measured programs: STS, Cognito and
// SQS behind TLS, on one address each. It has prepared answers and a configurable
// delay, and counts calls and connections. It runs as a separate process
// (cmd/stub), so that its work does not count for a program. [Client] controls it
// over plain HTTP. It imports the standard library, x/sys and package certificate.
package stub

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // SQS answers with it, and the SDK checks it
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cognito-user-migration/test/certificate"
)

// Addresses say where a stub is reached.
type Addresses struct {
	// STS, Cognito and SQS are base URLs over TLS, each of a host of its own.
	STS     string `json:"sts"`
	Cognito string `json:"cognito"`
	SQS     string `json:"sqs"`
	// Control is the base URL that [Client] talks to.
	Control string `json:"control"`
	// Roots is the PEM certificate that their certificates go back to.
	Roots string `json:"roots"`
}

// Counts are what came since the stub started.
type Counts struct {
	// Calls are counted by operation, such as AdminGetUser.
	Calls map[string]int `json:"calls"`
	// Connections are those opened, by host: sts, cognito, sqs.
	Connections map[string]int `json:"connections"`
}

// Server is a running stub.
type Server struct {
	addresses Addresses
	answers   atomic.Pointer[answers]

	mu          sync.Mutex
	calls       map[string]int
	connections map[string]int
	idle        map[net.Conn]bool // every open connection; true while it serves nothing
}

// Start starts a stub on loopback. It runs until the process ends.
func Start() (*Server, error) {
	authority := certificate.New("authority of a benchmark's stub", nil)
	own := certificate.New("a benchmark's stub", authority).TLS()
	s := &Server{
		calls:       make(map[string]int),
		connections: make(map[string]int),
		idle:        make(map[net.Conn]bool),
	}
	s.answers.Store(newAnswers(Settings{}))
	s.addresses.Roots = authority.PEM()
	for host, address := range map[string]*string{
		"sts":     &s.addresses.STS,
		"cognito": &s.addresses.Cognito,
		"sqs":     &s.addresses.SQS,
	} {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("stub: %w", err)
		}
		server := &http.Server{
			Handler:           http.HandlerFunc(s.serve),
			ReadHeaderTimeout: time.Minute,
			ConnState:         s.watch(host),
			ErrorLog:          log.New(io.Discard, "", 0), // clients come and go by SIGTERM
			TLSConfig:         &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13},
			// HTTP/1.1 for every program, so that all use one protocol.
			TLSNextProto: make(map[string]func(*http.Server, *tls.Conn, http.Handler)),
		}
		go func() { _ = server.ServeTLS(listener, "", "") }()
		*address = "https://" + listener.Addr().String()
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stub: %w", err)
	}
	control := &http.Server{Handler: s.control(), ReadHeaderTimeout: time.Minute}
	go func() { _ = control.Serve(listener) }()
	s.addresses.Control = "http://" + listener.Addr().String()
	return s, nil
}

// Addresses say where the stub is reached.
func (s *Server) Addresses() Addresses { return s.addresses }

// watch counts the connections of a host and knows which of them are idle.
func (s *Server) watch(host string) func(net.Conn, http.ConnState) {
	return func(connection net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch state {
		case http.StateNew:
			s.connections[host]++
			s.idle[connection] = false
		case http.StateActive:
			s.idle[connection] = false
		case http.StateIdle:
			s.idle[connection] = true
		case http.StateClosed, http.StateHijacked:
			delete(s.idle, connection)
		}
	}
}

// serve answers one call. Signatures are not looked at: each program pays for
// its own, and the stub should cost little.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	if r.Method != http.MethodPost { // a connection being warmed
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has closed the connection
	}
	operation := r.Header.Get("X-Amz-Target")
	if _, name, found := strings.Cut(operation, "."); found {
		operation = name
	} else {
		operation = "AssumeRole" // the one call in the query protocol
	}
	s.mu.Lock()
	s.calls[operation]++
	s.mu.Unlock()
	answers := s.answers.Load()
	status, contentType, answer := answers.to(operation, body)
	sleepUntil(began, answers.settings.Delay)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", "6fd2a2a5-0000-4000-8000-000000000000")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// control serves [Client].
func (s *Server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(Counts{Calls: s.calls, Connections: s.connections})
	})
	mux.HandleFunc("POST /settings", func(w http.ResponseWriter, r *http.Request) {
		var settings Settings
		if err := json.NewDecoder(r.Body).Decode(&settings); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.answers.Store(newAnswers(settings))
	})
	mux.HandleFunc("POST /close-idle", func(http.ResponseWriter, *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for connection, idle := range s.idle {
			if idle {
				_ = connection.Close()
			}
		}
	})
	return mux
}

// md5Of is the digest that SQS answers with.
func md5Of(message []byte) string {
	sum := md5.Sum(message) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// messageBody reads the message of a SendMessage.
func messageBody(body []byte) []byte {
	var input struct{ MessageBody string }
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&input); err != nil {
		return nil
	}
	return []byte(input.MessageBody)
}
