package audit

// The actions on what residents are told: announcements and questions.
const (
	AnnouncementAdded   Action = "announcement_added"
	AnnouncementChanged Action = "announcement_changed"
	AnnouncementRemoved Action = "announcement_removed"
	QuestionAdded       Action = "question_added"
	QuestionChanged     Action = "question_changed"
	QuestionRemoved     Action = "question_removed"
	QuestionRaised      Action = "question_raised"
	TranslationsChanged Action = "translations_changed"
)
