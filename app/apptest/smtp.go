package apptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer is an SMTP server on loopback that takes mails or refuses them as
// the test says.
type MailServer struct {
	Host string
	Port int
	CA   *x509.CertPool // of its certificate
	PEM  []byte         // the same as a file

	mu     sync.Mutex
	taken  []Taken
	tried  int
	refuse func(step, address string, try int) error
}

// Taken is a mail that the server has taken.
type Taken struct {
	From, To string
	Header   mail.Header
	Subject  string
	Body     string
	Secure   bool   // came over TLS
	User     string // who had signed in
}

// MailServerOptions say how the server behaves.
type MailServerOptions struct {
	TLS            bool   // from the first byte
	StartTLS       bool   // offered
	User, Password string // asked for when set
	Silent         bool   // accepts connections and says nothing
	Address        string // "" for any port
}

// NewMailServer starts a server that ends with the test.
func NewMailServer(t testing.TB, o MailServerOptions) *MailServer {
	t.Helper()
	m := &MailServer{Host: "127.0.0.1"}
	certificate := m.certify(t)
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	m.Port = l.Addr().(*net.TCPAddr).Port
	if o.Silent {
		go acceptOnly(l)
		t.Cleanup(func() { l.Close() })
		return m
	}
	server := smtp.NewServer(&mailBackend{m, o})
	server.ErrorLog = log.New(io.Discard, "", 0) // connections that break are what tests are about
	server.Domain, server.AllowInsecureAuth = "mail.example.jp", true
	if o.StartTLS || o.TLS {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	if o.TLS {
		l = tls.NewListener(l, server.TLSConfig)
		server.TLSConfig = nil
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		l.Close() //nolint:errcheck // for a server that had not yet begun to listen
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return m
}

func acceptOnly(l net.Listener) {
	for {
		if _, err := l.Accept(); err != nil {
			return
		}
	}
}

// certify makes a certificate for the server and its own authority.
func (m *MailServer) certify(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.ParseIP(m.Host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	m.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	m.CA = x509.NewCertPool()
	m.CA.AppendCertsFromPEM(m.PEM)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Refuse lets a function answer each step ("mail", "rcpt", "data") of each mail
// with an error; try counts the mails begun, from 1. nil takes everything.
func (m *MailServer) Refuse(answer func(step, address string, try int) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = answer
}

// Answer is an answer of the server, such as Answer(550, "5.1.1").
func Answer(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

// Taken lists the mails that were taken, in their order.
func (m *MailServer) Taken() []Taken {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Taken(nil), m.taken...)
}

type mailBackend struct {
	server  *MailServer
	options MailServerOptions
}

func (b *mailBackend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &mailSession{backend: b, conn: c}, nil
}

type mailSession struct {
	backend  *mailBackend
	conn     *smtp.Conn
	from, to string
	user     string
}

// AuthMechanisms and Auth make the session one that can be signed in to.
func (s *mailSession) AuthMechanisms() []string {
	if s.backend.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.backend.options.User || password != s.backend.options.Password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *mailSession) Reset()        { s.from, s.to = "", "" }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) step(name, address string) error {
	m := s.backend.server
	m.mu.Lock()
	if name == "mail" {
		m.tried++
	}
	refuse, try := m.refuse, m.tried
	m.mu.Unlock()
	if refuse == nil {
		return nil
	}
	return refuse(name, address, try)
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.backend.options.User != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return s.step("mail", from)
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.step("rcpt", to)
}

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.step("data", s.to); err != nil {
		return err
	}
	_, secure := s.conn.TLSConnectionState()
	if !secure {
		_, secure = s.conn.Conn().(*tls.Conn)
	}
	taken, err := readMail(raw)
	if err != nil {
		return err
	}
	taken.From, taken.To, taken.Secure, taken.User = s.from, s.to, secure, s.user
	m := s.backend.server
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = append(m.taken, taken)
	return nil
}

// readMail reads a mail as a mail program does.
func readMail(raw []byte) (Taken, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Taken{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Taken{}, err
	}
	body, err := decoded(m)
	return Taken{Header: m.Header, Subject: subject, Body: strings.ReplaceAll(body, "\r\n", "\n")}, err
}

func decoded(m *mail.Message) (string, error) {
	var r = m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "base64") {
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	body, err := io.ReadAll(r)
	return string(body), err
}
