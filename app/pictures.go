package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"madoguchi/app/intake"
	"madoguchi/app/qr"
)

// qrWorker is the hidden command that decodes pictures in a process of its own.
const qrWorker = "qr-worker"

// readPictures is the command madoguchi qr.
func readPictures(ctx context.Context, s Surroundings) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	if status := qr.Main(ctx, exe, s.Args, s.Out, s.Err); status != exitDone {
		return statusError(status)
	}
	return nil
}

// workOnPictures is what a child process does; see qr.WorkerMain.
func workOnPictures(_ context.Context, s Surroundings) error {
	if status := qr.WorkerMain(s.In, s.Out); status != exitDone {
		return statusError(status)
	}
	return nil
}

// startReader reads the list files that staff hand in until ctx ends; the
// function it returns waits for the one under way.
func (svc *service) startReader(ctx context.Context) (wait func(), _ error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	r := intake.NewReader(svc.st, svc.log, exe, filepath.Join(svc.cfg.Data, "pdf-cache"), qrWorker)
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	return wg.Wait, nil
}
