from courses.models.assignment import AssignedEnrolment, Assignment
from courses.models.course import Course, LegalReference, Level
from courses.models.edition import ActivityKind, Edition, EditionActivity, EditionAsset, EditionModule, EditionQuestion
from courses.models.enrolment import ActivityProgress, Completion, Enrolment, EnrolmentProgress, LearnerYear, Run
from courses.models.pages import CatalogPage, CoursePage, LessonPage, ModulePage, QuizPage
from courses.models.path import LearningPath, PathStep
from courses.models.proposal import EditionKind, EditionProposal
from courses.models.questions import Question, QuestionBank, QuestionKind, QuestionOption, QuestionVersion
from courses.models.quiz import Attempt, Response

__all__ = [
    "ActivityKind",
    "ActivityProgress",
    "AssignedEnrolment",
    "Assignment",
    "Attempt",
    "CatalogPage",
    "Completion",
    "Course",
    "CoursePage",
    "Edition",
    "EditionActivity",
    "EditionAsset",
    "EditionKind",
    "EditionModule",
    "EditionProposal",
    "EditionQuestion",
    "Enrolment",
    "EnrolmentProgress",
    "LearnerYear",
    "LearningPath",
    "LegalReference",
    "LessonPage",
    "Level",
    "ModulePage",
    "PathStep",
    "Question",
    "QuestionBank",
    "QuestionKind",
    "QuestionOption",
    "QuestionVersion",
    "QuizPage",
    "Response",
    "Run",
]
