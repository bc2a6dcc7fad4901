package mail

import (
	"context"
	"fmt"
	"time"

	"madoguchi/store"
)

// Notice is a mail to those who look after the system. It goes out at once and
// beside the outbox: it must arrive when the database is what is wrong.
type Notice struct {
	To       string
	FromName string
	At       time.Time
	Letter
}

// Send hands a notice over now. Its error is the reason in words, never what
// the other server wrote.
func (s *Server) Send(ctx context.Context, n Notice) error {
	c, err := s.dial(ctx)
	if err != nil {
		return fmt.Errorf("%s", verdictOfDial(ctx, err).why.Label())
	}
	defer c.close()
	e := envelope{id: string(store.NewRef()) + "@" + domainOf(s.From), to: n.To, fromName: n.FromName, date: n.At, Letter: n.Letter}
	if became := verdict(ctx, c.send(e)); became.kind != "sent" {
		return fmt.Errorf("%s", became.why.Label())
	}
	return nil
}
