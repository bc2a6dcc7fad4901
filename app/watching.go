package app

import (
	"context"
	"sync"
	"time"

	"madoguchi/app/watch"
)

// lastWord is how long a server that was succeeded tries to say so.
const lastWord = 10 * time.Second

func (svc *service) newWatch() (*watch.Watcher, error) {
	channels := svc.cfg.Alert
	if svc.cfg.Mail.On() {
		channels.Server = &svc.cfg.Mail.Server
	}
	return watch.New(watch.Options{
		Store: svc.st, Copies: svc.rep, Folder: svc.cfg.Data, Release: release(), Peer: svc.cfg.Peer,
		MailOn: svc.cfg.Mail.On(), Log: svc.log, Limits: svc.cfg.Limits, Channels: channels,
	})
}

// startWatch keeps an eye on the system until ctx ends; the function it returns
// waits for the turn under way.
func startWatch(ctx context.Context, w *watch.Watcher) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	return wg.Wait
}

// sayFenced tells that another server has taken over, while there is still
// somebody to tell it.
func (svc *service) sayFenced() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	svc.watch.Succeeded(ctx)
}
