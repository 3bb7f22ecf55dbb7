from courses.models.course import Course, LegalReference
from courses.models.edition import Edition, EditionActivity, EditionModule, EditionQuestion
from courses.models.enrolment import ActivityProgress, Completion, Enrolment, Run
from courses.models.pages import CatalogPage, CoursePage, LessonPage, ModulePage, QuizPage
from courses.models.questions import Question, QuestionBank, QuestionOption, QuestionVersion
from courses.models.quiz import Attempt, Response

__all__ = [
    "ActivityProgress",
    "Attempt",
    "CatalogPage",
    "Completion",
    "Course",
    "CoursePage",
    "Edition",
    "EditionActivity",
    "EditionModule",
    "EditionQuestion",
    "Enrolment",
    "LegalReference",
    "LessonPage",
    "ModulePage",
    "Question",
    "QuestionBank",
    "QuestionOption",
    "QuestionVersion",
    "QuizPage",
    "Response",
    "Run",
]
