package app

import (
	"context"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/app/web"
	"madoguchi/store"
)

// How often the outbox is looked at, and whether it is time to remind.
const (
	mailEvery   = 5 * time.Second
	remindEvery = time.Minute
)

// newOutbox makes the outbox of the configured mail server; without one it only
// drops what is of no use any more.
func newOutbox(cfg MailConfig, st *store.Store, files fs.FS, log *slog.Logger) (*mail.Outbox, error) {
	letters, err := mail.LoadLetters(files)
	if err != nil {
		return nil, err
	}
	o := &mail.Outbox{Store: st, Letters: letters, Site: cfg.Site, Content: booking.Letter, Prefix: prefixOf, Log: log}
	if cfg.On() {
		o.Server = &cfg.Server
	}
	return o, nil
}

// prefixOf is what the resident site's addresses begin with in a language.
func prefixOf(lang string) string {
	for _, l := range web.Languages() {
		if l.Code == lang {
			return l.Prefix
		}
	}
	return ""
}

// startMail sends what waits and queues reminders until ctx ends; the function
// it returns waits for what is under way.
func startMail(ctx context.Context, o *mail.Outbox) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := o.Recover(ctx); err != nil {
			o.Log.Error("recover mails", "error", err)
			return
		}
		every(ctx, mailEvery, func() {
			// As long as there is something to send, without a pause.
			for {
				sent, err := o.Empty(ctx)
				if err != nil && ctx.Err() == nil {
					o.Log.Error("send mails", "error", err)
				}
				if sent == 0 || err != nil || ctx.Err() != nil {
					return
				}
			}
		})
	})
	wg.Go(func() {
		every(ctx, remindEvery, func() {
			err := o.Store.Write(ctx, func(tx *store.Tx) error {
				_, err := booking.RemindOf(tx)
				return err
			})
			if err != nil && ctx.Err() == nil {
				o.Log.Error("queue reminders", "error", err)
			}
		})
	})
	return wg.Wait
}

// every runs do at once and then again and again, with a pause, until ctx ends.
func every(ctx context.Context, pause time.Duration, do func()) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tidyMail deletes addresses that nobody confirmed and links whose time is over.
func tidyMail(tx *store.Tx) error {
	if _, err := card.DeleteOldProposals(tx); err != nil {
		return err
	}
	_, err := mail.DeleteOldLinks(tx)
	return err
}
