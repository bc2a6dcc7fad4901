package audit

// The actions of mail: addresses, and what became of messages.
const (
	MailProposed  Action = "mail_proposed"
	MailConfirmed Action = "mail_confirmed"
	MailForgotten Action = "mail_forgotten"
	MailSent      Action = "mail_sent"
	MailFailed    Action = "mail_failed"
	MailDropped   Action = "mail_dropped"
	MailAgain     Action = "mail_again"
	MailTold      Action = "mail_told"
)
