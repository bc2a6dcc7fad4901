package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// TLSMode is how the connection to the mail server is kept safe.
type TLSMode string

// The modes. There is no "if it is offered": who stands between would answer
// that it is not.
const (
	StartTLS  TLSMode = "starttls" // begins in the clear, and goes on only encrypted
	DirectTLS TLSMode = "tls"      // encrypted from the first byte
	NoTLS     TLSMode = "none"     // for a relay on the same machine or a closed line
)

// Server is the mail server that takes the town's mails (送信サーバー).
type Server struct {
	Host     string
	Port     int
	TLS      TLSMode
	User     string // "" where none is asked for
	Password string
	From     string         // address that mails come from and answers go to
	CA       *x509.CertPool // nil: the system's
	Timeout  time.Duration  // for each step; 0 means defaultTimeout
}

const defaultTimeout = 30 * time.Second

// envelope is a mail on its way.
type envelope struct {
	id       string // the same for every attempt, so that a receiver can tell a repetition
	to       string
	fromName string
	date     time.Time
	Letter
}

// outcome is what became of an attempt.
type outcome struct {
	kind string // of mail_attempt: sent, later, refused, interrupted
	why  Why
	code int // of the server's answer; 0 for none
}

// connection is a conversation with the mail server.
type connection struct {
	server *Server
	client *gomail.Client
	smtp   *smtp.Client
	raw    *cuttable
	stop   func() bool
}

// dial connects and signs in. When ctx ends the connection is cut, also in the
// middle of a mail.
func (s *Server) dial(ctx context.Context) (*connection, error) {
	raw := &cuttable{}
	client, err := gomail.NewClient(s.Host, s.options(raw)...)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, raw.cut)
	conversation, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		stop()
		raw.cut()
		return nil, err
	}
	return &connection{server: s, client: client, smtp: conversation, raw: raw, stop: stop}, nil
}

func (s *Server) options(raw *cuttable) []gomail.Option {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	secure := &tls.Config{ServerName: s.Host, RootCAs: s.CA, MinVersion: tls.VersionTLS12}
	// Encrypted from the first byte is done here, not by the library, which
	// would not let go of the connection.
	policy := map[TLSMode]gomail.TLSPolicy{StartTLS: gomail.TLSMandatory, DirectTLS: gomail.TLSOpportunistic, NoTLS: gomail.NoTLS}[s.TLS]
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(secure), gomail.WithoutNoop(), gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			raw.hold(conn)
			if s.TLS != DirectTLS {
				return conn, nil
			}
			safe := tls.Client(conn, secure)
			return safe, safe.HandshakeContext(ctx)
		}),
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return options
}

// cuttable is a connection that another goroutine may cut.
type cuttable struct {
	mu   sync.Mutex
	conn net.Conn
}

func (c *cuttable) hold(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close() //nolint:errcheck // it is cut on purpose
	}
}

// send hands one mail over.
func (c *connection) send(e envelope) error {
	m := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingB64))
	if err := m.FromFormat(oneLine(e.fromName), c.server.From); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	m.ToMailAddress(&mail.Address{Address: e.to})
	m.Subject(oneLine(e.Subject))
	m.SetDateWithValue(e.date)
	m.SetMessageIDWithValue(e.id)
	// RFC 3834: nobody's holiday answer is wanted.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, e.Body)
	err := c.client.SendWithSMTPClient(c.smtp, m)
	if err != nil && m.IsDelivered() {
		return nil // taken; only tidying up afterwards failed
	}
	return err
}

// close ends the conversation. What was taken was answered before.
func (c *connection) close() {
	c.client.CloseWithSMTPClient(c.smtp) //nolint:errcheck // a server that does not say goodbye has still taken the mails
	c.stop()
	c.raw.cut()
}

// verdictOfDial says what it means that the server could not be reached.
func verdictOfDial(ctx context.Context, err error) outcome {
	var network net.Error
	var certificate *tls.CertificateVerificationError
	text := strings.ToLower(err.Error())
	switch {
	case ctx.Err() != nil:
		return outcome{"interrupted", WhyInterrupted, 0}
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return outcome{"later", WhyTimeout, 0}
	case errors.As(err, &certificate), strings.Contains(text, "tls"), strings.Contains(text, "certificate"):
		return outcome{"later", WhyTLS, 0}
	case strings.Contains(text, "auth"), strings.HasPrefix(text, "535"):
		return outcome{"later", WhySignIn, codeIn(err)}
	case errors.As(err, new(*net.OpError)), errors.As(err, new(*net.DNSError)):
		return outcome{"later", WhyUnreachable, 0}
	}
	return outcome{"later", WhyServer, codeIn(err)}
}

// verdict says what became of a mail that was handed over.
func verdict(ctx context.Context, err error) outcome {
	if err == nil {
		return outcome{kind: "sent"}
	}
	if ctx.Err() != nil {
		return outcome{"interrupted", WhyInterrupted, 0}
	}
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return outcome{"refused", WhyUnwritten, 0}
	}
	code := refused.ErrorCode()
	switch {
	case code == 0:
		return verdictOfBreak(err, refused)
	case refused.Reason == gomail.ErrSMTPMailFrom:
		return outcome{"later", WhySender, code} // nobody's address is at fault
	case code < 500:
		return outcome{"later", WhyLater, code}
	case code == 552, strings.HasSuffix(refused.EnhancedStatusCode(), ".2.2"):
		return outcome{"refused", WhyFullBox, code}
	case refused.Reason == gomail.ErrSMTPRcptTo && noMailbox(code, refused.EnhancedStatusCode()):
		return outcome{"refused", WhyNoAddress, code}
	}
	return outcome{"refused", WhyRefused, code}
}

// noMailbox tells a mailbox that does not exist from one that is refused: by
// the enhanced code (RFC 3463) where there is one, else by RFC 5321's.
func noMailbox(code int, enhanced string) bool {
	if enhanced != "" {
		return strings.HasPrefix(enhanced, "5.1.")
	}
	return code == 550 || code == 551 || code == 553
}

// verdictOfBreak is for a conversation that broke off without an answer. Whether
// the mail was taken is unknown then; it is sent again.
func verdictOfBreak(err error, refused *gomail.SendError) outcome {
	var network net.Error
	text := strings.ToLower(err.Error())
	switch {
	case errors.As(err, &network) && network.Timeout(), strings.Contains(text, "timeout"):
		return outcome{"later", WhyTimeout, 0}
	case refused.Reason == gomail.ErrGetRcpts, refused.Reason == gomail.ErrGetSender:
		return outcome{"refused", WhyUnwritten, 0}
	}
	return outcome{"later", WhyUnreachable, 0}
}

// codeIn is the number that the server's answer began with; 0 for none.
func codeIn(err error) (code int) {
	if _, scan := fmt.Sscanf(err.Error(), "%3d", &code); scan != nil || code < 400 || code > 599 {
		return 0
	}
	return code
}
