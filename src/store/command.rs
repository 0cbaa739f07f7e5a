//! What callers hand to the threads, and how they get their answer.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::StoreError;

/// What lies in a thread's queue.
pub(crate) enum Order {
    /// Work for a caller.
    Run(Box<dyn Command>),
    /// Take no more orders, finish those that are in the queue, then end.
    Stop,
}

/// Work of one caller: run once, then answered once. Dropped without an answer, it tells the
/// caller that the store is closed.
pub(crate) trait Command: Send {
    /// Does the work and keeps its result. Returns the error, if it is one.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;

    /// Tells the caller the result; or the error of the whole group, if the group was undone.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

struct Call<Task, Tell, Value> {
    task: Option<Task>,
    tell: Tell,
    result: Result<Value, StoreError>,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

impl<Task, Tell, Value> Command for Call<Task, Tell, Value>
where
    Task: FnOnce(&Connection) -> Result<Value, StoreError> + Send,
    Tell: FnOnce(&Value) + Send,
    Value: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        if let Some(task) = self.task.take() {
            self.result = task(connection);
        }
        self.result.as_ref().map(|_| ()).map_err(StoreError::clone)
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let result = group.and(self.result);
        if let Ok(value) = &result {
            (self.tell)(value);
        }
        // A caller that has gone does not hear it: nobody is left to be told.
        let _ = self.answer.send(result);
    }
}

/// The order to run the task and to tell of its result once that stands, and where its answer
/// will come.
pub(crate) fn order<Task, Tell, Value>(
    task: Task,
    tell: Tell,
) -> (Order, oneshot::Receiver<Result<Value, StoreError>>)
where
    Task: FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    Tell: FnOnce(&Value) + Send + 'static,
    Value: Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let call = Call { task: Some(task), tell, result: Err(StoreError::Closed), answer };
    (Order::Run(Box::new(call)), answered)
}
